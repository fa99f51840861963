"""Predictions that are acknowledged and not in the registry yet, in one SQLite file a worker.

A commit is one append to SQLite's write-ahead log: it survives the death of any process. It is not
synced to the platter one by one; see `docs/serving.md` for what that means in a power cut.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from database.dossier import KeptDocument
from database.embedded import sqlite_files
from database.mapping.documents import milliseconds
from model.errors import Overloaded
from model.prediction import Prediction, PredictionSource, RiskLabel, RiskStatus, Scale

PATTERN = "slot-*.sqlite"
"""The outboxes of a folder: of each slot one, and one for the records of files."""

SCHEMA = "CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY, body BLOB)"
LAYOUT = 1
"""Of a file whose free pages hold nothing."""

INSERT = "INSERT INTO outbox (body) VALUES (?)"
PROBE = """
CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY, body BLOB);
INSERT OR REPLACE INTO probe VALUES (1, randomblob(32768));
"""
FEW = 16
"""Records that are kept by one statement, a transaction of its own."""

MANY = 256
"""Records of one statement of a longer transaction."""

BUSY_SECONDS = 5.0


def outbox_path(folder: Path, slot: int, *, files: bool = False) -> Path:
    """The file of a worker's slot.

    Args:
        folder: of the outboxes.
        slot: the worker's number.
        files: the one for the records of files sent to `/predict/bulk`.

    >>> outbox_path(Path("outbox"), 3, files=True).name
    'slot-3.files.sqlite'
    """
    return folder / (f"slot-{slot}.files.sqlite" if files else f"slot-{slot}.sqlite")


def slot_of(path: Path) -> int:
    """The slot that an outbox is of.

    >>> slot_of(Path("outbox/slot-3.files.sqlite"))
    3
    """
    return int(path.name.removeprefix("slot-").partition(".")[0])


class Outbox:
    """One worker's file, oldest first.

    Attributes:
        folder: where it and its siblings are.
        name: of the file.
        rows: how many predictions wait in it.
        fault: why it took nothing when it was last asked to; None where it did.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The shipper checkpoints from another thread; SQLite serialises the calls itself.
        self._db = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        # A checkpoint syncs; it must not happen inside a commit that an answer waits for.
        self._db.execute("PRAGMA wal_autocheckpoint=0")
        self._db.execute(sqlite_files.SECURE_DELETE)
        self._db.execute(SCHEMA)
        self._overwrite_free_pages()
        self._path = path
        self.folder, self.name = path.parent, path.name
        self.fault: str | None = None
        self.rows: int = self._db.execute("SELECT count(*) FROM outbox").fetchone()[0]

    def put(self, predictions: Sequence[Prediction]) -> None:
        """Keeps predictions, all or none.

        Raises:
            Overloaded: the disk takes no more.
        """
        self.put_bodies([orjson.dumps(prediction) for prediction in predictions])

    def put_bodies(self, bodies: Sequence[bytes]) -> None:
        """Keeps predictions that are JSON already, all or none.

        Raises:
            Overloaded: the disk takes no more.
        """
        try:
            if len(bodies) <= FEW:  # One statement is a transaction of its own.
                self._db.execute(INSERT + ", (?)" * (len(bodies) - 1), bodies)
            else:
                self._db.execute("BEGIN IMMEDIATE")
                # Many in one statement: between two of them other threads take the interpreter.
                for at in range(0, len(bodies), MANY):
                    part = bodies[at : at + MANY]
                    self._db.execute(INSERT + ", (?)" * (len(part) - 1), part)
                self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self.fault = str(error)
            raise Overloaded(f"predictions cannot be kept safely: {error}") from error
        self.fault = None
        self.rows += len(bodies)

    def probe(self) -> None:
        """Finds out whether the disk takes records again; one that succeeds lengthens the log."""
        try:
            self._db.executescript(PROBE)
        except sqlite3.Error as error:
            self.fault = str(error)
        else:
            self.fault = None

    def oldest(self, limit: int) -> tuple[list[bytes], int]:
        """The oldest predictions in order, as JSON, and the number to `drop` once shipped."""
        found = self._db.execute(
            "SELECT seq, body FROM outbox ORDER BY seq LIMIT ?", (limit,)
        ).fetchall()
        if not found:
            self.rows = 0  # Another process may have erased a student's rows here.
            return [], 0
        return [body for _, body in found], found[-1][0]

    def drop(self, up_to: int) -> None:
        """Forgets what was shipped."""
        gone = self.delete(up_to)
        self.rows -= gone

    def delete(self, up_to: int) -> int:
        """Forgets what was shipped without counting it: how many that were.

        For a thread beside the one that counts what comes, which takes the number off `rows`.
        """
        return self._db.execute("DELETE FROM outbox WHERE seq <= ?", (up_to,)).rowcount

    def checkpoint(self) -> None:
        """Moves the write-ahead log into the file; may take a while, so not on the event loop."""
        helper = sqlite3.connect(self._path, timeout=BUSY_SECONDS)
        try:
            helper.execute("PRAGMA wal_checkpoint(PASSIVE)")
            # The slow part is done; what is left to do under the writer's lock is little. The log
            # keeps its blocks and is written over: to allocate them anew slows every commit.
            helper.execute("PRAGMA wal_checkpoint(RESTART)")
        finally:
            helper.close()

    def close(self) -> None:
        """Closes the file; what waits in it stays."""
        self._db.close()

    def _overwrite_free_pages(self) -> None:
        """Once a file: releases before this one left what they deleted in free pages."""
        (layout,) = self._db.execute("PRAGMA user_version").fetchone()
        if layout < LAYOUT:
            self._db.execute("VACUUM")
            self._db.execute(f"PRAGMA user_version={LAYOUT}")


def decode(body: bytes) -> Prediction:
    """The prediction of a stored body; one of an earlier release lacks the newer fields."""
    raw = orjson.loads(body)
    raw["imputed"] = tuple(raw["imputed"])
    raw["unseen"] = tuple(raw.get("unseen", ()))
    raw["scale"] = Scale(raw.get("scale", Scale.RISK))
    if raw.get("interval") is not None:
        raw["interval"] = tuple(raw["interval"])
    raw["source"] = PredictionSource(raw.get("source", PredictionSource.API))
    raw["risk_label"] = RiskLabel(raw["risk_label"])
    raw["status"] = RiskStatus(raw["status"])
    raw["created_at"] = datetime.fromisoformat(raw["created_at"])
    return Prediction(**raw)


def find(
    folder: Path, prediction_ids: Sequence[str], student_ids: Sequence[str]
) -> list[Prediction]:
    """Predictions of these ids or students that wait in any outbox of this host.

    Reads every waiting row, so not on the event loop.
    """
    quoted = [orjson.dumps(student).decode() for student in student_ids]
    wanted = (orjson.dumps(prediction_ids).decode(), orjson.dumps(quoted).decode())
    return [decode(body) for (body,) in _everywhere(folder, _FIND, wanted)]


def kept_of(folder: Path, student_id: str) -> list[KeptDocument]:
    """Where the predictions of a student are that wait in any outbox of this host.

    Reads every waiting row, so not on the event loop.
    """
    return [
        KeptDocument(key, milliseconds(datetime.fromisoformat(at)), period, unit or "")
        for key, at, period, unit in _everywhere(folder, _KEPT, (student_id,))
    ]


def bodies(folder: Path) -> list[bytes]:
    """Every prediction that waits in any outbox of this host, as JSON; not on the event loop."""
    return [body for (body,) in _everywhere(folder, "SELECT body FROM outbox ORDER BY seq", ())]


def waiting(folder: Path) -> int:
    """How many predictions wait in all outboxes of this host."""
    return sum(number for (number,) in _everywhere(folder, "SELECT count(*) FROM outbox", ()))


def students(folder: Path) -> set[str]:
    """Whose predictions wait in any outbox of this host; reads every waiting row."""
    return {student for (student,) in _everywhere(folder, _STUDENTS, ()) if student is not None}


def erase(folder: Path, *student_ids: str) -> list[str]:
    """Forgets students in all outboxes of this host, in free pages and logs too.

    The logs are emptied though no prediction waits: they hold those that were shipped.

    Returns:
        The ids of the predictions that went.

    Raises:
        Overloaded: a file stays locked; what is deleted is deleted, and the call may be repeated.
    """
    gone: list[str] = []
    wanted = orjson.dumps(student_ids).decode()
    for path in sorted(folder.glob(PATTERN)):
        with contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as db:
            db.execute(sqlite_files.SECURE_DELETE)
            with db:
                gone += [row[0] for row in db.execute(_ERASE, (wanted,)).fetchall()]
            if not sqlite_files.empty_log(db):
                raise Overloaded(f"the log of {path.name} cannot be emptied yet")
    return gone


_STUDENTS = "SELECT DISTINCT json_extract(CAST(body AS TEXT), '$.student_id') FROM outbox"
_ERASE = """
DELETE FROM outbox
WHERE json_extract(CAST(body AS TEXT), '$.student_id') IN (SELECT value FROM json_each(?))
RETURNING json_extract(CAST(body AS TEXT), '$.prediction_id')
"""
# A body begins with the two ids, so they are read where they stand: 200,000 rows may wait while a
# label is reported, and to read the JSON of each takes twice as long. `?2` are students as
# JSON writes them, in quotes, within which `,"period":` cannot be.
_FIND = """
SELECT body FROM outbox WHERE
    CASE WHEN substr(body, 51, 15) = CAST('","student_id":' AS BLOB) THEN
        substr(body, 19, 32) IN (SELECT CAST(value AS BLOB) FROM json_each(?1))
        OR ?2 <> '[]' AND substr(body, 66, instr(substr(body, 66), CAST(',"period":' AS BLOB)) - 1)
            IN (SELECT CAST(value AS BLOB) FROM json_each(?2))
    ELSE
        json_extract(CAST(body AS TEXT), '$.prediction_id') IN (SELECT value FROM json_each(?1))
        OR json_extract(CAST(body AS TEXT), '$.student_id')
            IN (SELECT json_extract(value, '$') FROM json_each(?2))
    END
"""
_KEPT = """
SELECT json_extract(CAST(body AS TEXT), '$.prediction_id'),
    json_extract(CAST(body AS TEXT), '$.created_at'),
    json_extract(CAST(body AS TEXT), '$.period'),
    json_extract(CAST(body AS TEXT), '$.unit')
FROM outbox WHERE json_extract(CAST(body AS TEXT), '$.student_id') = ?
"""


def _everywhere(folder: Path, query: str, values: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    for path in sorted(folder.glob(PATTERN)):
        with contextlib.closing(_open_to_read(path)) as db:
            try:
                found = db.execute(query, values).fetchall()
            except sqlite3.OperationalError:
                continue  # Its worker is making the file at this moment: nothing waits in it yet.
        yield from found


def _open_to_read(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=BUSY_SECONDS)
