"""The embedded registry: one server a host and home folder, shared by all its processes.

It speaks MongoDB's wire protocol over SQLite files in `<home>/registry`, on a Unix socket that only
the account that runs Farol can reach. Whoever needs it first starts it, under a file lock; it then
belongs to nobody, outlives its starter and ends when nobody has been connected for a minute. The
lock file is never deleted: a process that waits for the lock on a deleted file holds another lock
than the next one, which makes the file anew.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from filelock import FileLock, Timeout

from database.embedded import process as process
from database.embedded.process import State
from model.errors import ConfigurationError, RegistryUnavailable
from model.trust.private import make_private_folder

LOCK_SECONDS = 60.0

SERVER = "nx_27017"
"""The package that `database.embedded.server` runs."""

MOST_DATABASES = 99
"""nx-27017 keeps 100 files open, one of them its own; with more in use each call may close one and
open another, which makes calls several times slower."""


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of the embedded server; `state` is the last one even when it is down."""

    running: bool
    folder: Path
    state: State | None


def ensure_running(home: Path, *, idle_seconds: float = process.IDLE_SECONDS) -> str:
    """The URI of the embedded server, which is started if it does not run.

    A server that was killed is started again on its old socket, so clients that are open find it
    back. One that is busy is waited for: to end it would fail what it is busy with.

    Args:
        home: `FAROL_HOME`.
        idle_seconds: how long a server that is started here stays without a client.

    Raises:
        ConfigurationError: the registry's folder belongs to another account, or the server is not
            installed here.
        RegistryUnavailable: it could not be started; the message says why.
    """
    state = process.read_state(folder_of(home))
    if state is not None and process.answers(state):
        return state.uri
    if find_spec(SERVER) is None:
        raise ConfigurationError(
            "MONGO_URI must be set: the embedded registry is not among what is installed here "
            "(the API's own image has none)"
        )
    with _locked(home) as folder:
        state = process.read_state(folder)
        if state is None or not process.answers_at_last(state):
            state = process.start(folder, state, idle_seconds)
        return state.uri


def stop(home: Path) -> bool:
    """Stops the embedded server; False if it did not run. Nothing acknowledged is lost.

    Raises:
        RegistryUnavailable: it does not stop.
    """
    with _locked(home) as folder:
        state = process.read_state(folder)
        if state is None or not process.is_ours(state):
            return False
        process.end(state)
        return True


def status(home: Path) -> Status:
    """Whether the embedded server of this home runs, and where."""
    folder = folder_of(home)
    state = process.read_state(folder)
    return Status(state is not None and process.answers(state), folder, state)


def folder_of(home: Path) -> Path:
    """Where the embedded server of a home keeps its files."""
    return home.absolute() / "registry"


def data_file(home: Path, db: str) -> Path:
    """The SQLite file of a database; nx-27017 keeps one a database."""
    return folder_of(home) / f"{db}.db"


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[Path]:
    folder = folder_of(home)
    try:
        make_private_folder(folder)
        with FileLock(folder / "server.lock", timeout=LOCK_SECONDS):
            yield folder
    except Timeout as error:
        raise RegistryUnavailable(
            f"another process has been starting the registry in {folder} for {LOCK_SECONDS:.0f} s"
        ) from error
    except OSError as error:
        raise RegistryUnavailable(f"the registry's folder {folder}: {error.strerror}") from error
