"""Entries that wait on this host's disk to be sealed: one file a process, then one a batch.

A process appends to a file of its own, which it locks. To seal what has gathered it renames the
file, whose name from then on is that of the batch, and begins another. What a dead process left is
nobody's lock any more, so that another one takes it over. An entry is on its way to the disk before
the answer leaves; it outlives the process, and not a power failure within the same seconds.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import orjson

from model.audit.entry import ActorKind, Entry
from model.trust.private import make_private_folder

FOLDER = "audit"
"""Where they are in `FAROL_HOME`."""

OPEN, FULL = ".open", ".batch"

LONGEST_FILE = 2**20
"""Bytes from which on a file is a batch, whoever may seal it: batches are read whole."""


class Spool:
    """The waiting entries of one host, as one of its processes appends to them.

    Args:
        home: `FAROL_HOME`. Making one touches nothing there.
    """

    def __init__(self, home: Path) -> None:
        self.folder = home / FOLDER
        self._file: int | None = None
        self._path: Path | None = None

    def append(self, entry: Entry) -> None:
        """Writes an entry; it is there though this process ends at once.

        Raises:
            OSError: it cannot be written.
            ConfigurationError: the folder is not this account's.
        """
        if self._file is None:
            self._begin()
        line = orjson.dumps(asdict(entry)) + b"\n"
        assert self._file is not None
        if os.write(self._file, line) != len(line):
            self.abandon()  # Nothing may follow the half line.
            raise OSError("an entry of the audit trail was written in part")
        if os.fstat(self._file).st_size >= LONGEST_FILE:
            with suppress(OSError):  # The entry is kept; the file grows on until it can be named.
                self.cut()

    def cut(self) -> None:
        """Makes a batch of what was appended, if anything was.

        Raises:
            OSError: it cannot be renamed.
        """
        if self._file is None or self._path is None:
            return
        self._path.rename(self._path.with_suffix(FULL))
        os.close(self._file)
        self._file = self._path = None

    def abandon(self) -> None:
        """Lets go of the file as a process does that ends; another one finds it."""
        if self._file is not None:
            os.close(self._file)
            self._file = self._path = None

    def batches(self) -> list[Path]:
        """What is to be sealed, oldest first; what dead processes left becomes batches here.

        Raises:
            OSError: the folder cannot be read.
        """
        for path in self.folder.glob(f"*{OPEN}"):
            if path != self._path:
                _adopt(path)
        found = [(path.stat().st_mtime_ns, path) for path in self.folder.glob(f"*{FULL}")]
        return [path for _, path in sorted(found)]

    def _begin(self) -> None:
        make_private_folder(self.folder)
        path = self.folder / f"{uuid4().hex}{OPEN}"
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        # Whoever looks for what is left may have it locked for this moment.
        fcntl.flock(file, fcntl.LOCK_EX)
        self._file, self._path = file, path


def read_batch(path: Path) -> list[Entry]:
    """The entries of a batch; none where another process has sealed it meanwhile.

    A line that a dying process left half is not an entry: nobody was answered upon it.

    Raises:
        OSError: it cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return list(_entries(content))


def _entries(content: bytes) -> Iterator[Entry]:
    for line in content.splitlines():
        with suppress(ValueError, TypeError, KeyError):
            told = orjson.loads(line)
            told["at"] = datetime.fromisoformat(told["at"])
            told["kind"] = ActorKind(told["kind"])
            yield Entry(**told)


def _adopt(path: Path) -> None:
    """Makes a batch of a file whose process is dead."""
    with suppress(FileNotFoundError):
        file = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.rename(path.with_suffix(FULL))
        except BlockingIOError:
            return  # It is alive.
        finally:
            os.close(file)
