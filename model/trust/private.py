"""Files and folders that only their owner may open."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from model.errors import ConfigurationError

UMASK = 0o077
"""What entry points set, so that what they make is private."""

OTHERS = 0o077
"""The mode bits of the group and of everybody else."""

MADE_BY_FAROL = (
    "registry", "tasks", "metrics", "workers", "model", "outbox", "sample", "tuning", "audit",
)  # fmt: skip
"""Folders of a home whose whole content is closed; other folders in a home are not Farol's."""


def protect(home: Path) -> None:
    """Takes the rights of group and others away from everything in a home.

    An installation of before left files that every account could read. A file that belongs to
    another account is left as it is: only its owner can change it.

    Args:
        home: `FAROL_HOME`; need not exist.
    """
    if home.parent == home or not home.is_dir():
        return  # `/` is nobody's home, even where somebody says so.
    for path in _of_farol(home):
        with contextlib.suppress(FileNotFoundError, PermissionError):  # gone, or another's
            _close(path)


def make_private_folder(folder: Path) -> None:
    """Makes a folder of mode 0700, or gives one that is there that mode.

    Raises:
        ConfigurationError: it is a link or no folder, or belongs to another account.
        OSError: it cannot be made.
    """
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700, parents=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise ConfigurationError(
            f"{folder} must be a folder that belongs to account {os.geteuid()}, which runs Farol, "
            f"and no link; it belongs to account {found.st_uid}. Run Farol as that account, or "
            "remove it"
        )
    _close(folder)


def write_private(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all; only its owner may read it.

    Raises:
        OSError: it cannot be written.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _of_farol(home: Path) -> Iterator[Path]:
    yield home
    for path in home.iterdir():
        if path.is_symlink():
            continue
        if path.is_file():
            yield path
        elif path.name in MADE_BY_FAROL:
            # Unlike `rglob`, it does not mind a folder that goes meanwhile.
            for folder, _, names in os.walk(path):
                yield Path(folder)
                yield from (Path(folder) / name for name in names)


def _close(path: Path) -> None:
    """Takes the rights of group and others away; links and sticky folders stay."""
    found = path.lstat()
    shared = stat.S_ISLNK(found.st_mode) or found.st_mode & stat.S_ISVTX
    if found.st_mode & OTHERS and not shared:
        path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
