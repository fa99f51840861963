"""This host's part of erasures: those it is asked for, and those that other hosts were."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from api.background import Turns
from api.erasing.host_files import CarriedOut, host_name
from api.registry import Registry
from database.erasing.receipts import ErasureRepository, HostRepository, outstanding
from model.erasing.receipt import Erasure, TaskPart
from model.errors import Overloaded

POLL_SECONDS = 5.0
SEEN_EVERY = timedelta(minutes=10)
"""How often a host tells that it is there."""


@dataclass(slots=True)
class HostErasures:
    """One of these runs in each worker; the one that leads does it.

    Attributes:
        root: the registry of what belongs to all tasks.
        host: the id of this host.
        carry_out: frees the files of this host; it may wait, so not on the event loop.
        now: the clock, aware UTC.
        backup_days: how long backups are kept; None where the installation does not say.
        turns: what became of its polls.
    """

    root: Registry
    host: str
    carry_out: Callable[[datetime], CarriedOut]
    now: Callable[[], datetime]
    backup_days: int | None = None
    turns: Turns = field(
        default_factory=partial(Turns, "students erased elsewhere stay in this host's files")
    )
    _seen: datetime | None = None

    async def follow(self, leads: Callable[[], bool]) -> None:
        """Looks every few seconds, until cancelled.

        Args:
            leads: whether this worker does it for its host.
        """
        known = False
        while True:
            with self.turns.turn():
                if not known:
                    # Whoever leads: a host that answers is known before a prediction waits on it.
                    await self.root.run(
                        HostRepository().seen(self.host, host_name(), now=self.now())
                    )
                    known = True
                if leads():
                    await self.look()
            await asyncio.sleep(POLL_SECONDS)

    async def begin(self, actor: str) -> Erasure:
        """The receipt of an erasure whose tombstones have been laid.

        Raises:
            RegistryError: the registry fails.
        """
        now = self.now()
        await self.root.run(HostRepository().seen(self.host, host_name(), now=now))
        begun = ErasureRepository().begin(at=now, actor=actor, backup_days=self.backup_days)
        return await self.root.run(begun)

    async def finish(
        self,
        receipt: Erasure,
        tasks: tuple[TaskPart, ...],
        not_reached: tuple[str, ...],
        *,
        emptied: bool,
    ) -> Erasure:
        """Keeps what was erased, and that this host's own files are free of the student.

        Args:
            receipt: as it was begun.
            tasks: what was erased in each.
            not_reached: tasks of the same register that were not gone through.
            emptied: the registry's log on this host was emptied; if not, the next look does it.

        Raises:
            RegistryError: the registry fails.
        """
        now = self.now()

        def done(known: Erasure) -> Erasure:
            kept = replace(known, tasks=tasks, not_reached=not_reached, finished_at=now)
            return kept.carried_out(self.host, now) if emptied else kept

        finished = await self.root.run(ErasureRepository().change(receipt.receipt_id, done))
        known = await self.root.run(HostRepository().find(self.host))
        # With one before it outstanding, the next look goes through all of them.
        if emptied and known is not None and known.carried_out == receipt.number - 1:
            counted = HostRepository().carried_out(self.host, host_name(), receipt.number, now=now)
            await self.root.run(counted)
        return finished

    async def look(self) -> None:
        """Carries out what this host has not yet, and tells from time to time that it is there.

        Raises:
            RegistryError: the registry fails.
            OSError: somebody holds a file of this host.
        """
        now = self.now()
        done, newest = await self.root.run(outstanding(self.host))
        try:
            if done < newest:
                await asyncio.to_thread(self.carry_out, now)
            elif self._seen is None or now - self._seen >= SEEN_EVERY:
                await self.root.run(HostRepository().seen(self.host, host_name(), now=now))
            else:
                return
        except Overloaded as error:
            raise OSError(errno.EBUSY, str(error)) from error
        self._seen = now
