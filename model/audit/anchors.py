"""What this host remembers of the ends of the chains: `home/audit/anchors.jsonl`.

Whoever writes to the registry can take blocks from the end of a chain, or put back an old copy of
all of it, and every seal that is left is right. An anchor names a block that was there, so that its
absence shows; what was told after the newest anchor does not. Each host keeps its own; a copy on
another machine (`deployment.audit verify --anchors`) finds what a host with a grudge hides.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import orjson
from filelock import FileLock

from model.audit.spool import FOLDER
from model.errors import ConfigurationError
from model.trust.private import make_private_folder, write_private

NAME = "anchors.jsonl"
EVERY = timedelta(seconds=30)
"""Between two anchors of a process; so less than a minute is not anchored."""

WHOLE = timedelta(hours=1)
"""As long every anchor is kept; of an older minute and chain the last one."""

CLOSE = timedelta(days=7)
"""As long one a minute is kept; of an older day and chain the last one."""

THIN_BYTES = 4_000_000
"""Whenever the file has grown by so much it is thinned."""

LONGEST_LINE = 4_096


@dataclass(frozen=True, slots=True)
class Anchor:
    """That a chain had a block.

    Attributes:
        at: when that was written down; aware UTC.
        task: whose chain.
        number: of the block.
        seal: of the block.
    """

    at: datetime
    task: str
    number: int
    seal: str


class AnchorFile:
    """The anchors of a home; making one touches nothing on disk."""

    def __init__(self, home: Path) -> None:
        self.path = home / FOLDER / NAME

    def add(self, anchors: Sequence[Anchor]) -> None:
        """Writes anchors down; they are on the disk when this returns.

        Raises:
            OSError: they cannot be written.
            ConfigurationError: the folder is not this account's, or the file cannot be read.
        """
        if not anchors:
            return
        make_private_folder(self.path.parent)
        with FileLock(self.path.with_suffix(".lock"), preserve_lock_file=True):
            file = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
            try:
                before = _cut_off(file)
                os.write(file, b"".join(orjson.dumps(asdict(one)) + b"\n" for one in anchors))
                os.fsync(file)
                long = os.fstat(file).st_size // THIN_BYTES > before // THIN_BYTES
            finally:
                os.close(file)
            if long:
                kept = thinned(read_anchors(self.path), anchors[-1].at)
                write_private(
                    self.path, b"".join(orjson.dumps(asdict(one)) + b"\n" for one in kept)
                )

    def read(self) -> list[Anchor]:
        """All anchors, in the order in which they were written; none where there is no file.

        Raises:
            ConfigurationError: the file cannot be read. It is not taken for empty: then nothing
                that was removed would be missed.
        """
        return read_anchors(self.path) if self.path.exists() else []


def read_anchors(path: Path) -> list[Anchor]:
    """The anchors of a file; a last line that a power failure cut is left out.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        lines = path.read_bytes().split(b"\n")
        return [_read(line) for line in lines[:-1] if line]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{path} cannot be read ({type(error).__name__}). It says which blocks the audit trail "
            "had; restore it from a backup, or move it away and know that nothing before is held "
            "against it"
        ) from error


def thinned(anchors: Iterable[Anchor], now: datetime) -> list[Anchor]:
    """All anchors of the last hour; of each minute and chain of seven days, and of each day and
    chain before, the last one.

    Args:
        anchors: in the order in which they were written.
        now: aware UTC.
    """
    young, old = list[Anchor](), dict[tuple[str, str], Anchor]()
    for one in anchors:
        if one.at >= now - WHOLE:
            young.append(one)
        else:
            period = "%Y-%m-%d %H:%M" if one.at >= now - CLOSE else "%Y-%m-%d"
            old[one.task, f"{one.at:{period}}"] = one
    return [*old.values(), *young]


def _cut_off(file: int) -> int:
    """Takes away a last line that a power failure left half; gives the bytes that are left."""
    size = os.fstat(file).st_size
    tail = os.pread(file, LONGEST_LINE, max(0, size - LONGEST_LINE))
    left = size - len(tail) + tail.rfind(b"\n") + 1
    os.ftruncate(file, left)
    return left


def _read(line: bytes) -> Anchor:
    told = orjson.loads(line)
    return Anchor(
        datetime.fromisoformat(told["at"]), str(told["task"]), int(told["number"]), told["seal"]
    )
