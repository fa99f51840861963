"""Records of one worker on their way into its outbox: lines of JSON, in the order they came.

A commit of SQLite takes a dozen calls of the system, and where few callers wait, each waits for one
of its own. A line is one call: it is as safe from the death of any process, and no less from a
power cut than a commit that is not synced. The outbox takes the lines over many at a time.

One process appends; it needs no lock for that. Whoever takes lines over, reads or erases them holds
the file's lock meanwhile.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson

TORN = b"\0\n"
"""Ends what was written in part and could not be taken back; no JSON has such a byte."""


class Journal:
    """The lines of one worker, opened by the process that appends to them.

    Attributes:
        records: how many lines were appended since they were taken over last, or lay there when it
            was opened.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        found = self._all()
        self._size = len(found)
        self._torn = not found.endswith(b"\n") and bool(found)
        self.records = len(_lines(found))

    def append(self, bodies: Sequence[bytes]) -> None:
        """Keeps records, all or none.

        Args:
            bodies: JSON, without a line break.

        Raises:
            OSError: the disk takes no more.
        """
        written = b"\n".join((*bodies, b""))
        if self._torn:
            written = TORN + written
        taken = os.write(self._file, written)
        if taken != len(written):
            self._take_back()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._torn = False
        self._size += taken
        self.records += len(bodies)

    @contextmanager
    def taken_over(self) -> Iterator[list[bytes]]:
        """The records; they are forgotten here unless the block raises.

        Raises:
            OSError: the file cannot be read or emptied.
        """
        with _locked(self._file, fcntl.LOCK_EX):
            yield _lines(self._all())
            os.ftruncate(self._file, 0)
            self._size, self.records, self._torn = 0, 0, False

    def close(self) -> None:
        """Closes the file; what is in it stays."""
        os.close(self._file)

    def _all(self) -> bytes:
        return os.pread(self._file, os.fstat(self._file).st_size, 0)

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._file, self._size)
        except OSError:
            self._torn = True
            self._size = os.fstat(self._file).st_size


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
            yield _lines(os.pread(file, os.fstat(file).st_size, 0))
    finally:
        os.close(file)


def erase(path: Path, student_ids: Collection[str]) -> list[str]:
    """Writes spaces over the lines about students.

    Returns:
        The ids of the predictions that went.
    """
    try:
        # Not to append: the line is written over where it is.
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return []
    gone: list[str] = []
    try:
        with _locked(file, fcntl.LOCK_EX):
            at = 0
            for line in os.pread(file, os.fstat(file).st_size, 0).splitlines(keepends=True):
                found = orjson.loads(line) if _is_whole(line[:-1]) else {}
                if found.get("student_id") in student_ids:
                    os.pwrite(file, b" " * (len(line) - 1), at)
                    gone.append(found["prediction_id"])
                at += len(line)
    finally:
        os.close(file)
    return gone


def _lines(written: bytes) -> list[bytes]:
    return [line for line in written.split(b"\n")[:-1] if _is_whole(line)]


def _is_whole(line: bytes) -> bool:
    """Whether that is a record: not erased, nor what a power cut or a full disk left of one."""
    return line[:1] == b"{" and line[-1:] == b"}" and b"\0" not in line


@contextmanager
def _locked(file: int, how: int) -> Iterator[None]:
    fcntl.flock(file, how)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)
