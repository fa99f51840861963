"""A home of a release that knew one task becomes the home of that task among others.

What was at the top of `FAROL_HOME` moves into `tasks/<task>/`, by renaming: nothing is copied, and
an interrupted move is finished at the next start.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from api.durability.worker_slots import slot_lock
from deployment.settings import Settings
from model.errors import BundleError, ConfigurationError
from model.live.folder import LiveModel

OWN = ("outbox", "tuning", "sample", "adopted.json", "host.id", "retraining.lock", "model")
"""What a task has of its own in the home, in the order in which it moves. The live model is last:
it says which task it all is of, to whoever finishes an interrupted move too."""

RUN_LOCK = "retraining.lock"


def take_over(settings: Settings, default: Callable[[], str]) -> tuple[str, ...]:
    """Moves what a release of before left; gives the names of what was moved.

    Args:
        settings: of the installation.
        default: gives the default task's name, where the live model does not name its task.

    Raises:
        ConfigurationError: a process of that release still works on it.
        OSError: the home cannot be written.
    """
    home = settings.home
    if not _left(home):
        return ()
    with FileLock(home / "takeover.lock", preserve_lock_file=True):
        left = _left(home)
        if not left:
            return ()
        locks = _stopped(home)
        try:
            target = settings.home_of(_task_of(home) or default())
            target.mkdir(parents=True, exist_ok=True)
            for name in left:
                (home / name).rename(target / name)
        finally:
            for lock in locks:
                lock.release()
        return left


def _left(home: Path) -> tuple[str, ...]:
    return tuple(name for name in OWN if (home / name).exists())


def _task_of(home: Path) -> str:
    """The task of the live model; empty where there is none, or it does not say."""
    try:
        pointer = LiveModel(home).current()
    except BundleError:
        return ""
    return pointer.task if pointer else ""


def _stopped(home: Path) -> list[FileLock]:
    """Holds the locks that a process of before would hold."""
    workers = home / "workers"
    numbers = [int(p.stem.removeprefix("slot-")) for p in workers.glob("slot-*.lock")]
    wanted = [slot_lock(workers, number) for number in numbers]
    if (home / RUN_LOCK).exists():
        wanted.append(FileLock(home / RUN_LOCK, preserve_lock_file=True))
    held: list[FileLock] = []
    for lock in wanted:
        try:
            lock.acquire(blocking=False)
        except Timeout as error:
            for one in held:
                one.release()
            raise ConfigurationError(
                f"FAROL_HOME={str(home)!r} is still used by an earlier release of Farol; stop its "
                "API, worker and pipeline, then start this one: it takes over by itself"
            ) from error
        held.append(lock)
    return held
