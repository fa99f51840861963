"""The files of a run's window: private, gone when it ends, and found if it was killed.

A window lies where the workers of a cluster find it, which need not be below the home. So the home
notes where, before the first file is written.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.errors import ConfigurationError
from model.trust.private import make_private_folder, write_private

PREFIX = "farol-window-"
NOTES = "windows"


@contextmanager
def window_folder(home: Path, place: Path, run_id: str) -> Iterator[Path]:
    """A new folder for the files of a run's window, removed when the run is over.

    Args:
        home: of the task.
        place: where it is made.
        run_id: of the run.

    Raises:
        ConfigurationError: it is there already, or its parent is not.
        OSError: it cannot be made.
    """
    folder = place.absolute() / f"{PREFIX}{run_id}"
    if folder.exists() or not place.is_dir():
        why = "is there already" if folder.exists() else "there is no such folder"
        raise ConfigurationError(f"--folder {place}: {why}")
    try:
        claim(home, folder)
        yield folder
    finally:
        _remove(home / NOTES / run_id, folder)


def claim(home: Path, folder: Path) -> None:
    """Notes the folder of a window, and makes it; once more under the run's lock.

    A run that began before this one, and did not yet have the lock, may take it for one left
    behind.

    Raises:
        ConfigurationError: it is a link, or another account's.
        OSError: it cannot be made.
    """
    notes = home / NOTES
    make_private_folder(notes)
    write_private(notes / folder.name.removeprefix(PREFIX), str(folder).encode())
    make_private_folder(folder)


def remove_left_behind(home: Path, run_id: str) -> int:
    """Removes the windows of runs that were killed; gives how many. Call it under the run's lock.

    Args:
        home: of the task.
        run_id: of the run that is under way, whose window stays.
    """
    removed = 0
    notes = home / NOTES
    for note in sorted(notes.iterdir()) if notes.is_dir() else ():
        folder = Path(note.read_text("utf-8"))
        if note.name == run_id or folder.name != f"{PREFIX}{note.name}":
            continue
        removed += folder.is_dir()
        _remove(note, folder)
    return removed


def _remove(note: Path, folder: Path) -> None:
    """Removes a window, then the note; it stays where a disk is away, and all is tried again."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.parent.is_dir() and not folder.exists():
        note.unlink(missing_ok=True)
