"""What the audit trail was told, for tests of who tells it."""

from __future__ import annotations

import time
from pathlib import Path

from database.audit import AuditRepository
from database.driver.commands import InsertMany, Op
from database.trail.trail import TrailRepository
from model.access import AuditEvent
from model.audit.entry import Entry
from model.audit.former import BEGUN
from model.audit.spool import FOLDER, FULL, OPEN

PATIENCE = 20.0


def entries() -> Op[list[Entry]]:
    """Every entry of every chain but the first one, newest first."""
    blocks = yield from TrailRepository().blocks(0)
    return [e for block in blocks for e in reversed(block.entries) if e.action != BEGUN]


def of_before(event: AuditEvent) -> Op[None]:
    """Writes to the log of before, as a release before the trail did."""
    yield InsertMany(AuditRepository.collection, [AuditRepository()._document(event)])


def settled(home: Path) -> None:
    """Waits until nothing that an API of this home was told waits to be sealed."""
    began, folder = time.monotonic(), home / FOLDER
    while any(path.suffix in {OPEN, FULL} for path in folder.glob("*")):
        assert time.monotonic() - began < PATIENCE, "the audit trail waits in vain"
        time.sleep(0.02)
