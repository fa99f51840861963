"""The calls of a task that may be sent again, in one SQLite file that the workers of a host share.

Whatever dies leaves the file as it was after a commit, as an outbox (`api.durability.outbox`). What
is kept of a call are digests, its answer sealed (`api.idempotency.call`), and the beginnings of the
tombstones that the students in it would have, by which an erasure finds it.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.idempotency.call import RepeatableCall
from database.embedded import sqlite_files
from model.errors import Overloaded

KEPT = timedelta(hours=24)
"""How long a call may be sent again."""

MOST_CALLS = 100_000
MOST_BYTES = 256 * 1024 * 1024
"""Of answers and marks; beyond either, the oldest calls go."""

MARK_BYTES = 8

LOOK_EVERY = 1_000
"""Calls of one worker after which it is seen to it that there are no more than that."""

BUSY_SECONDS = 5.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name BLOB NOT NULL UNIQUE,
    content BLOB,
    begun INTEGER NOT NULL,
    slot INTEGER,
    answer BLOB,
    marks BLOB
);
CREATE INDEX IF NOT EXISTS calls_begun ON calls (begun);
"""
# A call is on its way while it has a slot, done once it has an answer, left by a worker that died
# where it has neither, and forgotten, for an erasure, where it has no content.


class Taken(Exception):
    """The key was used, and this is no repetition that can be answered."""


class OnItsWay(Taken):
    """The first call is not done yet."""


class OtherContent(Taken):
    """The key came with something else."""


class Forgotten(Taken):
    """A student in the answer was erased since."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A call that is to be done now; `at` is when it was first sent, aware UTC."""

    row: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """A call that was done; its answer is sealed."""

    answer: bytes


class CallStore:
    """The file of a task, for one worker; used from one thread at a time.

    Args:
        path: of the file; it is made.
        slot: the worker's number.
    """

    def __init__(self, path: Path, slot: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(sqlite_files.SECURE_DELETE)
        self._db.executescript(_SCHEMA)
        self._slot = slot
        self._doing: set[int] = set()
        self._since_looked = 0

    def begin(self, call: RepeatableCall, now: datetime) -> Begun | Done:
        """A call comes: whether it is to be done, or was done before.

        Raises:
            Taken: neither; the class says why.
            Overloaded: it cannot be kept.
        """
        self._since_looked += 1
        if self._since_looked >= LOOK_EVERY:
            self.tidy(now, frozenset())
        with _transaction(self._db):
            found = self._found(call, now)
        if isinstance(found, Begun):
            self._doing.add(found.row)
        return found

    def finish(self, begun: Begun, answer: bytes, marks: Collection[str]) -> None:
        """Keeps the answer of a call, unless an erasure came in between.

        Args:
            begun: the call.
            answer: sealed.
            marks: the tombstones that its students would have, hex.

        Raises:
            Overloaded: it cannot be kept.
        """
        self._doing.discard(begun.row)
        with _transaction(self._db) as db:
            db.execute(
                "UPDATE calls SET slot = NULL, answer = ?, marks = ? WHERE id = ?",
                (answer, b"".join(map(_short, marks)), begun.row),
            )

    def release(self, begun: Begun) -> None:
        """Forgets a call that came to nothing; it may be sent again, and changed.

        Where that cannot be written, the next tidying sees that nobody does it any more.
        """
        self._doing.discard(begun.row)
        with contextlib.suppress(Overloaded), _transaction(self._db) as db:
            db.execute("DELETE FROM calls WHERE id = ? AND answer IS NULL", (begun.row,))

    def take_over(self, *, alone: bool) -> None:
        """Calls that a worker left when it died may be sent again.

        Args:
            alone: no other worker of this host is alive, so none of its calls is on its way.

        Raises:
            Overloaded: the file cannot be written.
        """
        with _transaction(self._db) as db:
            db.execute("UPDATE calls SET slot = NULL WHERE slot = ? OR ?", (self._slot, alone))

    def tidy(self, now: datetime, erased: Collection[str]) -> None:
        """Removes what is too old or too much, and what names a student who is known as erased.

        What stands as on its way with this worker, which does not do it, may be sent again.

        Args:
            now: aware UTC.
            erased: tombstones, hex.

        Raises:
            Overloaded: the file cannot be written.
        """
        self._since_looked = 0
        with _transaction(self._db) as db:
            db.execute("DELETE FROM calls WHERE begun < ?", (_millis(now - KEPT),))
            db.execute(
                "UPDATE calls SET slot = NULL"
                " WHERE slot = ? AND id NOT IN (SELECT value FROM json_each(?))",
                (self._slot, json.dumps(list(self._doing))),
            )
            newest = db.execute(
                "SELECT id, coalesce(length(answer) + length(marks), 0) FROM calls ORDER BY id DESC"
            )
            if (last := _last_that_fits(newest)) is not None:
                db.execute("DELETE FROM calls WHERE id < ?", (last,))
            if erased:
                _forget(db, erased)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def _found(self, call: RepeatableCall, now: datetime) -> Begun | Done:
        found = self._db.execute(
            "SELECT id, content, begun, slot, answer FROM calls WHERE name = ?", (call.name,)
        ).fetchone()
        if found is not None and found[2] < _millis(now - KEPT):
            self._db.execute("DELETE FROM calls WHERE id = ?", found[:1])
            found = None
        if found is None:
            return self._new(call, now)
        row, content, begun, slot, answer = found
        if content is None:
            raise Forgotten
        if content != call.content:
            raise OtherContent
        if answer is not None:
            return Done(answer)
        if slot is not None:
            raise OnItsWay
        self._db.execute("UPDATE calls SET slot = ? WHERE id = ?", (self._slot, row))
        return Begun(row, datetime.fromtimestamp(begun / 1000, UTC))

    def _new(self, call: RepeatableCall, now: datetime) -> Begun:
        row = self._db.execute(
            "INSERT INTO calls (name, content, begun, slot) VALUES (?, ?, ?, ?)",
            (call.name, call.content, _millis(now), self._slot),
        ).lastrowid
        assert row is not None
        return Begun(row, now)


def erase(path: Path, marks: Collection[str]) -> None:
    """Forgets the answers in which students are, in free pages and the log too.

    A call that is on its way may be about one of them: its answer is not kept.

    Args:
        path: of a task's file.
        marks: the students' tombstones, hex.

    Raises:
        Overloaded: the file stays locked; the call may be repeated.
    """
    if not path.exists():
        return
    with contextlib.closing(
        sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    ) as db:
        db.execute(sqlite_files.SECURE_DELETE)
        with _transaction(db):
            db.execute("DELETE FROM calls WHERE answer IS NULL AND content IS NOT NULL")
            _forget(db, marks)
        if not sqlite_files.empty_log(db):
            raise Overloaded(f"the log of {path.name} cannot be emptied yet")


def _forget(db: sqlite3.Connection, marks: Collection[str]) -> None:
    """Leaves of the calls in which students are that their keys were used."""
    wanted = {_short(mark) for mark in marks}
    found = db.execute("SELECT id, marks FROM calls WHERE marks <> x''")
    rows = [(row,) for row, told in found.fetchall() if not wanted.isdisjoint(_marks_in(told))]
    forget = "UPDATE calls SET content = NULL, answer = NULL, marks = NULL WHERE id = ?"
    db.executemany(forget, rows)


def _short(mark: str) -> bytes:
    """Two students may share it; then one more answer is forgotten."""
    return bytes.fromhex(mark)[:MARK_BYTES]


def _marks_in(told: bytes) -> Iterator[bytes]:
    return (told[at : at + MARK_BYTES] for at in range(0, len(told), MARK_BYTES))


def _last_that_fits(newest: Iterator[tuple[int, int]]) -> int | None:
    """The oldest call that is kept, going back from the newest one; None where all are."""
    size, last = 0, None
    for number, (row, length) in enumerate(newest):
        size += length
        if number >= MOST_CALLS or size > MOST_BYTES:
            return last
        last = row
    return None


@contextlib.contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Everything in it or nothing.

    Raises:
        Overloaded: the disk takes nothing, or somebody holds the file for too long.
    """
    try:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
    except sqlite3.Error as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise Overloaded(f"calls that may be sent again cannot be kept: {error}") from error


def _millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
