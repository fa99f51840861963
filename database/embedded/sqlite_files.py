"""SQLite files that hold personal data: what was deleted must not be left in them.

A file is opened beside the process that it belongs to; in SQLite's WAL mode that is safe, each
waits for the other's locks.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path

SECURE_DELETE = "PRAGMA secure_delete=ON"
"""Per connection: what is deleted is overwritten with zeros, in the pages; not in the log."""

BUSY_SECONDS = 5.0
ATTEMPTS = 20
PAUSE = 0.1


def empty_log(db: sqlite3.Connection) -> bool:
    """Moves the write-ahead log into the file and empties it; False while somebody reads it."""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE)
        with contextlib.suppress(sqlite3.OperationalError):
            (busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return True
    return False


def empty_log_of(path: Path) -> bool:
    """The same for a file that is not open; True where there is none."""
    if not path.exists():
        return True
    with contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as db:
        return empty_log(db)


def rewrite(path: Path) -> bool:
    """Writes a file anew without its free pages (`VACUUM`); False where somebody holds it."""
    if not path.exists():
        return True
    with contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as db:
        try:
            db.execute("VACUUM")
        except sqlite3.OperationalError:
            return False
        return empty_log(db)
