"""Records of one worker on their way into its outbox: lines of JSON in a file that is mapped.

A commit of SQLite takes a dozen calls of the system, after each of which the processor begins with
empty caches; where few callers wait, each waits for a commit of its own. A line in memory that
belongs to a file takes none, and is as safe: from the death of any process, since the memory is the
kernel's, and from a power cut no less than a commit that is not synced. The outbox takes the lines
over, many at a time.

One process appends; it needs no lock for that. Whoever takes lines over, reads or erases them holds
the file's lock meanwhile. The file has its blocks from the beginning, and is never shortened: that
would end a process that writes to the memory.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

import orjson

ROOM = 2**18
"""Bytes of a file: some three hundred records, in few enough pages to stay in a cache."""

END = b"\n"
"""Ends a line, and is written after it: what has no end was not acknowledged."""

SUM = 8
"""Digits of the checksum behind a record: of a line that a power cut left in parts it is wrong."""


class RecordJournal:
    """The lines of one worker, opened by the process that appends to them.

    Attributes:
        records: how many lines were appended since they were taken over last, or lay there when it
            was opened.

    Raises:
        OSError: there is no room for the file.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._reserve()
            self._room = mmap.mmap(self._file, ROOM)
        except OSError:
            os.close(self._file)
            raise
        found = self._room[:]
        self._end = len(found.rstrip(b"\0"))
        if not found[: self._end].endswith(END):
            # Of a process that died before it had acknowledged the record.
            self._end = found.rfind(END, 0, self._end) + 1
            self._room[self._end :] = bytes(ROOM - self._end)
        self.records = len(_lines(found))

    def append(self, bodies: Sequence[bytes]) -> bool:
        """Keeps records; False where there is no room for them.

        Args:
            bodies: JSON, without a line break.
        """
        written = END.join([body + _sum_of(body) for body in bodies])
        end = self._end + len(written)
        if end >= ROOM:
            return False
        self._room[self._end : end] = written
        self._room[end : end + 1] = END
        self._end = end + 1
        self.records += len(bodies)
        return True

    @contextmanager
    def taken_over(self) -> Iterator[list[bytes]]:
        """The records; they are forgotten here unless the block raises."""
        with _locked(self._file, fcntl.LOCK_EX):
            yield _lines(self._room[: self._end])
            self._room[: self._end] = bytes(self._end)
            self._end = self.records = 0

    def close(self) -> None:
        """Closes the file; what is in it stays."""
        self._room.close()
        os.close(self._file)

    def _reserve(self) -> None:
        """Writes the file in full, so that no later write needs a block of the disk."""
        short = ROOM - os.fstat(self._file).st_size
        if short > 0 and os.pwrite(self._file, bytes(short), ROOM - short) < short:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def journal_of(outbox: Path) -> Path:
    """The journal beside an outbox.

    >>> journal_of(Path("outbox/slot-3.sqlite")).name
    'slot-3.journal'
    """
    return outbox.with_suffix(".journal")


@contextmanager
def held(path: Path) -> Iterator[list[bytes]]:
    """The records in a journal, none of which is taken over meanwhile; none where there is none."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield []
        return
    try:
        with _locked(file, fcntl.LOCK_SH):
            yield _lines(os.pread(file, ROOM, 0))
    finally:
        os.close(file)


def erase(path: Path, student_ids: Collection[str]) -> list[str]:
    """Writes spaces over the lines about students.

    Returns:
        The ids of the predictions that went.
    """
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return []
    gone: list[str] = []
    try:
        with _locked(file, fcntl.LOCK_EX):
            at = 0
            for line in os.pread(file, ROOM, 0).split(END)[:-1]:
                found = orjson.loads(line[:-SUM]) if _is_whole(line) else {}
                if found.get("student_id") in student_ids:
                    os.pwrite(file, b" " * len(line), at)
                    gone.append(found["prediction_id"])
                at += len(line) + len(END)
    finally:
        os.close(file)
    return gone


def _lines(written: bytes) -> list[bytes]:
    return [line[:-SUM] for line in written.split(END)[:-1] if _is_whole(line)]


def _is_whole(line: bytes) -> bool:
    """Whether that is a record: not erased, nor what a power cut left of one."""
    return line[-SUM:] == _sum_of(line[:-SUM])


def _sum_of(body: bytes) -> bytes:
    return b"%08x" % crc32(body)


@contextmanager
def _locked(file: int, how: int) -> Iterator[None]:
    fcntl.flock(file, how)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)
