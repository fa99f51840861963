"""The embedded registry: one server a host and home folder, shared by all its processes.

It speaks MongoDB's wire protocol over SQLite files in `<home>/registry`, on a Unix socket that only
the account that runs Farol can reach. Whoever needs it first starts it, under a file lock; it then
belongs to nobody, outlives its starter and ends when nobody has been connected for a minute. The
lock file is never deleted: a process that waits for the lock on a deleted file holds another lock
than the next one, which makes the file anew.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from database import embedded_process as process
from database.embedded_process import State
from model.errors import ConfigurationError, FarolError, RegistryUnavailable
from model.private import make_private_folder

LOCK_SECONDS = 60.0
WATCH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of the embedded server; `state` is the last one even when it is down."""

    running: bool
    folder: Path
    state: State | None


def ensure_running(home: Path, *, idle_seconds: float = process.IDLE_SECONDS) -> str:
    """The URI of the embedded server, which is started if it does not run.

    A server that was killed is started again on its old socket, so clients that are open find it
    back.

    Args:
        home: `FAROL_HOME`.
        idle_seconds: how long a server that is started here stays without a client.

    Raises:
        ConfigurationError: the registry's folder belongs to another account.
        RegistryUnavailable: it could not be started; the message says why.
    """
    state = process.read_state(folder_of(home))
    if state is not None and process.answers(state):
        return state.uri
    with _locked(home) as folder:
        state = process.read_state(folder)
        if state is None or not process.answers(state):
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


def main(read_home: Callable[[], Path], argv: Sequence[str]) -> int:
    """Runs `python -m database.embedded`; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m database.embedded",
        description="Keeps the embedded registry running in the foreground, until Ctrl-C.",
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--stop", action="store_true", help="stop it")
    action.add_argument("--status", action="store_true", help="say whether and where it runs")
    options = parser.parse_args(argv)
    try:
        home = read_home()
        if options.stop:
            print("stopped" if stop(home) else "was not running")  # noqa: T201
            return 0
        if options.status:
            return _print_status(home)
        return _keep(home)
    except FarolError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, ConfigurationError) else 1


def _print_status(home: Path) -> int:
    now = status(home)
    print(f"{'running' if now.running else 'not running'}, data in {now.folder}")  # noqa: T201
    if now.running and now.state:
        print(f"{now.state.uri} (pid {now.state.pid}, {now.state.version})")  # noqa: T201
    return 0 if now.running else 3


def _keep(home: Path) -> int:
    """Starts the server if need be and starts it again whenever it dies; stops what it started."""
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    found = status(home).running
    ensure_running(home)
    _print_status(home)
    sys.stdout.flush()
    while not done.wait(WATCH_SECONDS):
        ensure_running(home)
    if not found:
        stop(home)
    return 0


if __name__ == "__main__":
    from deployment.wiring import settings_from_environment

    sys.exit(main(lambda: settings_from_environment().home, sys.argv[1:]))
