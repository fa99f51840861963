"""The worker's jobs about outcomes that wait for their features."""

from __future__ import annotations

from datetime import datetime, timedelta

from database.driver.client import SyncRegistry
from database.labelling.expiry import drop_waiting
from database.labelling.linking import join_newest
from database.labels import OrphanRepository
from preprocessing.task.spec import TaskSpec
from retraining.worker.context import AtWork

LONG = 365
"""Days from which on waiting is told, where the task drops nothing: a school year."""

LATE = timedelta(days=7)
MOST_LATE = 1_000
"""What is tried each minute: the newest. A run tries all."""


def join_late(registry: SyncRegistry, _task: TaskSpec, _key: bytes, now: datetime) -> str:
    """Joins outcomes whose predictions have arrived: another host kept them until now."""
    joined = registry.run(join_newest(since=now - LATE, most=MOST_LATE))
    return f"{joined} outcomes joined whose features came after them"


def look_at_orphans(here: AtWork) -> str:
    """Counts the outcomes that wait, and drops those that have waited as long as the task says."""
    days, now = here.task.retention.orphans_days, here.clock()
    before = now - timedelta(days=LONG if days is None else days)
    arrived = here.registry.run(OrphanRepository().arrived())
    long = sum(at < before for at in arrived)
    if days is None:
        return f"{waiting(arrived)}, {long} of them for more than {LONG} days; all are kept"
    dropped = here.registry.run(drop_waiting(before)) if long else 0
    return f"{waiting(arrived)}; dropped after more than {days} days: {dropped}"


def waiting(arrived: list[datetime]) -> str:
    """How many wait, and since when.

    >>> waiting([]), waiting([datetime(2024, 5, 1)])
    ('no outcome waits for its features', '1 outcomes wait for their features, since 2024-05-01')
    """
    if not arrived:
        return "no outcome waits for its features"
    return f"{len(arrived)} outcomes wait for their features, since {min(arrived):%F}"
