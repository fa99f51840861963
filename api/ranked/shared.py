"""Long lists as files, so that one worker of a host reads and scores a city for all of them.

A file is named by whom it is about and by all that would make it stale, and is private to the
account that runs Farol. Files of before an erasure or an objection are removed within seconds by
every worker.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import time
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from filelock import FileLock, Timeout

from api.ranked.reading import Stamp, Whose
from model.lists.published import Lane
from model.prediction import RiskStatus
from model.trust.private import make_private_folder, write_private
from preprocessing.columnar.columns import Categories, Columns
from preprocessing.lists.scoring import ScoredStudents

MOST_FILES = 3
OLDEST_SECONDS = 540.0
"""Less than `api.ranked.kept` keeps a list: whoever reads it anew does not get it again."""

READ_SECONDS = 60.0
"""How long a worker waits for another one that reads the same list."""

FORM = 1
_ARRAYS = ("concern", "scores", "high")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SharedLists:
    """The long lists of one task that the workers of a host share.

    Attributes:
        folder: of the files; made when there is one to write.
        clock: seconds since the epoch, as files have them.
    """

    folder: Path
    clock: Callable[[], float] = time.time

    @asynccontextmanager
    async def turn(self, whose: Whose) -> AsyncIterator[None]:
        """Lets one worker at a time read a list; whoever waits too long reads it too.

        Raises:
            ConfigurationError: the folder belongs to another account.
            OSError: it cannot be made.
        """
        make_private_folder(self.folder)
        # Of its own for each reader, so that two readers of one worker take turns too.
        path = self.folder / f"{_digest(whose)}.lock"
        lock = FileLock(path, READ_SECONDS, thread_local=False, is_singleton=False)
        with suppress(Timeout):
            await asyncio.to_thread(lock.acquire)
        try:
            yield
        finally:
            lock.release()

    def load(self, whose: Whose, gone: object, stamp: Stamp) -> ScoredStudents | None:
        """A list that a worker has written; None where there is none so new.

        Args:
            whose: whom it is about.
            gone: changes when a student must not be on a list any more.
            stamp: all else that would make it stale.
        """
        path = self._path(whose, gone, stamp)
        try:
            if self.clock() - path.stat().st_mtime > OLDEST_SECONDS:
                return None
            return students_of(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
            _log.warning("a list is read anew: %s cannot be read: %s", path.name, error)
            return None

    def store(self, whose: Whose, gone: object, stamp: Stamp, found: ScoredStudents) -> None:
        """Writes a list for the other workers; where it cannot be written they read it too."""
        path = self._path(whose, gone, stamp)
        try:
            make_private_folder(self.folder)
            write_private(path, bytes_of(found))
            for old in self._files()[MOST_FILES:]:
                old.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("a list is not shared with the other workers: %s", error)

    def sweep(self, gone: object) -> None:
        """Removes the lists of before an erasure or an objection."""
        for path in self._files():
            if not path.name.startswith(_digest(gone)):
                path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Removes every list."""
        for path in self._files():
            path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        """All lists, newest first."""
        times = {}
        for path in self.folder.glob("*.npz"):
            with suppress(FileNotFoundError):
                times[path] = path.stat().st_mtime
        return sorted(times, key=times.__getitem__, reverse=True)

    def _path(self, whose: Whose, gone: object, stamp: Stamp) -> Path:
        return self.folder / f"{_digest(gone)}-{_digest(whose)}-{_digest((FORM, stamp))}.npz"


def bytes_of(found: ScoredStudents) -> bytes:
    """Scored students as a file; `students_of` reads it."""
    names: dict[str, Any] = {
        "ids": list(found.ids),
        "units": list(found.units),
        "lanes": list(found.lanes),
        "statuses": list(found.statuses),
        "categories": {name: one.names for name, one in found.features.categories.items()},
    }
    arrays: dict[str, Any] = {name: getattr(found, name) for name in _ARRAYS}
    arrays |= {f"number {name}": one for name, one in found.features.numbers.items()}
    arrays |= {f"codes {name}": one.codes for name, one in found.features.categories.items()}
    file = io.BytesIO()
    np.savez(file, names=np.frombuffer(orjson.dumps(names), dtype=np.uint8), **arrays)
    return file.getvalue()


def students_of(content: bytes) -> ScoredStudents:
    """The scored students of a file.

    Raises:
        EOFError, ValueError, KeyError, zipfile.BadZipFile: it is no such file.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        names = orjson.loads(file["names"].tobytes())
        lanes = {one.value: one for one in Lane}
        statuses = {one.value: one for one in RiskStatus}
        numbers = {
            name.removeprefix("number "): file[name]
            for name in file.files
            if name.startswith("number ")
        }
        categories = {
            name: Categories(file[f"codes {name}"], tuple(known))
            for name, known in names["categories"].items()
        }
        return ScoredStudents(
            ids=names["ids"],
            units=names["units"],
            lanes=[lanes[one] for one in names["lanes"]],
            statuses=[statuses[one] for one in names["statuses"]],
            features=Columns(len(names["ids"]), numbers, categories),
            **{name: file[name] for name in _ARRAYS},
        )


def _digest(of: object) -> str:
    """A short name of a value; values that print alike are alike here."""
    if isinstance(of, Whose):
        of = (of.period, None if of.units is None else sorted(of.units))
    return hashlib.sha256(repr(of).encode()).hexdigest()[:16]
