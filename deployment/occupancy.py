"""A home knows by whom it is in use: one `make run` a home.

The lock belongs to the process and no child inherits it (POSIX record locks), so it is free in the
moment its holder dies, however it does. The lock file is never deleted (see `model.live.folder`).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from model.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Occupant:
    """Who has the home, and where its parts listen."""

    pid: int
    port: int
    dashboard_port: int


@contextmanager
def occupied(home: Path, port: int, dashboard_port: int) -> Iterator[Occupant | None]:
    """Holds the home; gives whoever had it before and did not give it back.

    Raises:
        ConfigurationError: somebody has it; the message says where it listens.
    """
    note = home / "up.json"
    with (home / "up.lock").open("a") as lock:
        former = _read(note)
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigurationError(_told(home, former)) from error
        fresh = home / "up.json.new"
        fresh.write_text(json.dumps(asdict(Occupant(os.getpid(), port, dashboard_port))), "utf-8")
        fresh.replace(note)
        yield former
        note.unlink(missing_ok=True)


def _told(home: Path, occupant: Occupant | None) -> str:
    where = (
        f" at http://127.0.0.1:{occupant.port} (dashboard "
        f"http://127.0.0.1:{occupant.dashboard_port}, process {occupant.pid})"
        if occupant
        else ""
    )
    return (
        f"FAROL_HOME={str(home)!r} is in use: Farol is already running{where}. "
        "Stop that one first, or give another FAROL_HOME"
    )


def _read(note: Path) -> Occupant | None:
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Occupant(**json.loads(note.read_text("utf-8")))
    return None
