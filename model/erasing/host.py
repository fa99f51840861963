"""A host of an installation: one home, with files of its own."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock

from model.trust.private import write_private

FILE = "home.id"
LOCK = "home.lock"
UNSEEN_DAYS = 400
"""A host that has told nothing of itself for so long is taken for gone."""


@dataclass(frozen=True, slots=True)
class Host:
    """What the registry knows of a host.

    Attributes:
        host: its id, made once and kept in its home.
        name: what the machine is called.
        seen_at: when it told of itself last.
        carried_out: the number of the erasure up to which, that one too, its own files are free of
            erased students.
    """

    host: str
    name: str
    seen_at: datetime
    carried_out: int = 0
    revision: int = 0


def home_id(home: Path) -> str:
    """The id of the host of that home; made on first use, and of several makers the first counts.

    Raises:
        OSError: it cannot be read or kept.
    """
    path = home / FILE
    if not path.exists():
        with FileLock(home / LOCK, preserve_lock_file=True):
            if not path.exists():
                write_private(path, secrets.token_hex(8).encode())
    return path.read_text("ascii").strip()
