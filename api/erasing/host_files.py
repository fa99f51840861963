"""Frees this host's own files of erased students, whichever host was asked to erase them.

A host that was away when a student was erased has predictions of the student in its outboxes and in
their logs, answers that may be asked for again, and lists that its workers shared. When it is back
it reads the tombstones and erases what they name, and says so in the receipts. What it ships before
that the registry refuses. Live models, logs and kept searches name no student.
"""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from api.durability import outbox
from api.durability.shipment_gate import Gate
from api.idempotency.calls import calls_path
from api.idempotency.store import erase as forget_calls
from api.ranked.shared import SharedLists
from database.driver.client import SyncRegistry
from database.driver.commands import Op
from database.embedded import lifecycle, sqlite_files
from database.erasing import erasure
from database.erasing.receipts import HostRepository, carried_out, outstanding
from database.tombstones import TombstoneRepository
from model.erasing.host import home_id
from model.errors import Overloaded
from model.trust.tombstone import TombstoneKey


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What a host did.

    Attributes:
        erasures: how many it had yet to carry out.
        predictions: how many of erased students still waited on it.
    """

    erasures: int
    predictions: int

    def told(self) -> str:
        """The same in a sentence.

        >>> CarriedOut(0, 0).told()
        'every erasure has been carried out on this host'
        """
        if not self.erasures:
            return "every erasure has been carried out on this host"
        return (
            f"{self.erasures} erasures carried out on this host; {self.predictions} predictions "
            "of erased students waited on it and are gone"
        )


@dataclass(frozen=True, slots=True)
class HostFiles:
    """Where a host keeps what it has of students.

    Attributes:
        home: `FAROL_HOME`.
        folder: of a task, by its name.
        open_root: opens the root registry.
        databases: run on the root database, gives every task's database by the task's name.
        key: the installation's data key.
        embedded: the registry's files are in the home too.
    """

    home: Path
    folder: Callable[[str], Path]
    open_root: Callable[[], SyncRegistry]
    databases: Callable[[], Op[Mapping[str, str]]]
    key: TombstoneKey
    embedded: bool


def carry_out(here: HostFiles, now: datetime) -> CarriedOut:
    """Carries out on this host what it has not yet; safe beside everything that runs.

    Args:
        here: the host.
        now: aware UTC.

    Raises:
        ConfigurationError: the registry is another installation's.
        RegistryError: the registry fails; the next call does what is left.
        Overloaded: somebody holds a file; the next call does what is left.
    """
    host, name = home_id(here.home), host_name()
    with here.open_root() as root:
        done, newest = root.run(outstanding(host))
        if done >= newest:
            root.run(HostRepository().seen(host, name, now=now))
            return CarriedOut(0, 0)
        gone = 0
        databases = root.run(here.databases())
        for task, database in databases.items():
            if (outboxes := here.folder(task) / "outbox").is_dir():
                gone += _free(outboxes, root.on(database), here.key, now)
            if (calls := calls_path(here.folder(task))).exists():
                forget_calls(calls, root.on(database).run(TombstoneRepository().all()))
            # Workers that know the tombstones keep no list of before an erasure; one that died may.
            SharedLists(here.folder(task) / "lists").clear()
        if here.embedded:
            _empty_logs(here.home, set(databases.values()))
        root.run(carried_out(host, name, done + 1, newest, now=now))
    return CarriedOut(newest - done, gone)


def host_name() -> str:
    """What this machine is called in receipts."""
    return socket.gethostname()


def _free(outboxes: Path, registry: SyncRegistry, key: TombstoneKey, now: datetime) -> int:
    """Erases whom the tombstones name in a task's outboxes; gives how many predictions went."""
    try:
        with Gate(outboxes).closed():
            marks = registry.run(TombstoneRepository().all())
            erased = [one for one in outbox.students(outboxes) if key.of(one) in marks]
            gone = outbox.erase(outboxes, *erased)
            registry.run(erasure.forget_predictions(gone, key, at=now))
    except sqlite3.Error as error:
        raise Overloaded(f"an outbox cannot be read: {error}") from error
    return len(gone)


def _empty_logs(home: Path, databases: Iterable[str]) -> None:
    for name in databases:
        if not sqlite_files.empty_log_of(lifecycle.data_file(home, name)):
            raise Overloaded(f"the log of the registry's file of {name} cannot be emptied yet")
