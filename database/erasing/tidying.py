"""What the worker does at night for erasure: nothing that was deleted is left in a file.

An erasure overwrites what it deletes and empties the logs. What is left after it are records that
came late and were refused, and the free space of files from before this release.
"""

from __future__ import annotations

from pathlib import Path

from database.embedded import lifecycle, sqlite_files


def tidy(home: Path, embedded_db: str | None) -> tuple[str, ...]:
    """Empties the logs of all outboxes of this host, and writes the embedded registry anew.

    Writers of the registry wait meanwhile, and predictions go into the outbox.

    Args:
        home: the installation's folder.
        embedded_db: the database of the embedded registry; None with a MongoDB elsewhere.

    Returns:
        The names of the files that somebody held, and that are left for the next night.
    """
    held = [
        path.name
        for path in sorted((home / "outbox").glob("slot-*.sqlite"))
        if not sqlite_files.empty_log_of(path)
    ]
    if embedded_db is not None:
        path = lifecycle.data_file(home, embedded_db)
        held += [] if sqlite_files.rewrite(path) else [path.name]
    return tuple(held)
