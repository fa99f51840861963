"""A number for each worker of this host, held by a file lock for as long as the worker lives.

The kernel frees the lock of a worker that dies, so its successor takes the same number, and with it
the dead worker's outbox. The lock files are never deleted (see `model.live.folder`).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson
from filelock import FileLock, Timeout

MOST_WORKERS = 256


@dataclass(frozen=True, slots=True)
class WorkerState:
    """What one worker tells of itself."""

    slot: int
    pid: int
    generation: int
    version: str | None
    started_at: datetime


class WorkerSlot:
    """The number this worker holds.

    Attributes:
        number: from 0 on.
        first: no other worker of this host was alive when this one started.
    """

    def __init__(self, number: int, lock: FileLock, *, first: bool) -> None:
        self.number = number
        self.first = first
        self._lock = lock
        self._told: set[Path] = set()

    def tell(self, folder: Path, state: WorkerState) -> None:
        """Leaves this worker's state where `alive` finds it, in the folder of one task."""
        folder.mkdir(parents=True, exist_ok=True)
        new = folder / f".slot-{self.number}.new"
        new.write_bytes(orjson.dumps(asdict(state)))
        self._told.add(new.replace(folder / f"slot-{self.number}.json"))

    def release(self) -> None:
        """Gives the number back."""
        for path in self._told:
            path.unlink(missing_ok=True)
        self._lock.release(force=True)


def claim(folder: Path, alone: Callable[[], None] | None = None) -> WorkerSlot:
    """Takes the lowest free number.

    Args:
        folder: of the slots.
        alone: called where no other worker is alive, and before another one can take a slot.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder / "start.lock"):
        for number in range(MOST_WORKERS):
            lock = slot_lock(folder, number)
            with contextlib.suppress(Timeout):
                lock.acquire(blocking=False)
                first = number == 0 and not _others_alive(folder)
                if first and alone is not None:
                    alone()
                return WorkerSlot(number, lock, first=first)
    raise OSError(f"{folder}: {MOST_WORKERS} workers hold a slot already")


def alive(folder: Path) -> list[WorkerState]:
    """The states of the workers whose process exists, by slot."""
    states = []
    for path in sorted(folder.glob("slot-*.json")):
        with contextlib.suppress(OSError, orjson.JSONDecodeError, KeyError):
            raw = orjson.loads(path.read_bytes())
            started = datetime.fromisoformat(raw.pop("started_at"))
            state = WorkerState(**raw, started_at=started)
            if _exists(state.pid):
                states.append(state)
    return sorted(states, key=lambda state: state.slot)


@contextlib.contextmanager
def dead_slot(folder: Path, number: int) -> Iterator[bool]:
    """Holds a slot nobody has, if nobody has it, so that what its worker left can be tidied up."""
    lock = slot_lock(folder, number)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release(force=True)


def slot_lock(folder: Path, number: int) -> FileLock:
    """The lock of a slot; making it acquires nothing."""
    return _lock(folder / f"slot-{number}.lock")


def _others_alive(folder: Path) -> bool:
    numbers = [int(p.stem.removeprefix("slot-")) for p in folder.glob("slot-*.lock")]
    for number in numbers:
        if number:
            with dead_slot(folder, number) as dead:
                if not dead:
                    return True
    return False


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _lock(path: Path) -> FileLock:
    return FileLock(path, thread_local=False, preserve_lock_file=True)
