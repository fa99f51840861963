"""What the worker does at night for erasure: nothing that was deleted is left in a file.

An erasure overwrites what it deletes and empties the logs. What is left after it are records that
came late and were refused, and the free space of files from before this release.
"""

from __future__ import annotations

from pathlib import Path

from database.embedded import sqlite_files


def tidy(outboxes: Path, registry: Path | None) -> tuple[str, ...]:
    """Empties the logs of a task's outboxes on this host, and writes the embedded registry anew.

    Writers of the registry wait meanwhile, and predictions go into the outbox.

    Args:
        outboxes: their folder.
        registry: the file of the task's embedded registry; None with a MongoDB elsewhere.

    Returns:
        The names of the files that somebody held, and that are left for the next night.
    """
    held = [
        path.name
        for path in sorted(outboxes.glob("slot-*.sqlite"))
        if not sqlite_files.empty_log_of(path)
    ]
    if registry is not None:
        held += [] if sqlite_files.rewrite(registry) else [registry.name]
    return tuple(held)
