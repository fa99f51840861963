"""The worker's job that looks for what is old, and removes it where the task says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from database.ageing.kinds import KINDS
from database.ageing.records import AgeingRepository
from database.driver.client import SyncRegistry
from model.ageing.record import SUBJECT, AgeingRecord, KindAge
from preprocessing.task.spec import TaskSpec
from retraining.ageing.deciding import ages, may_go

Permit = Callable[[KindAge, datetime], bool]
NAMES = tuple(kind.name for kind in KINDS)
NOTHING = "no kind of records has an age in the task's file: all are kept"


def age_records(registry: SyncRegistry, task: TaskSpec, _key: bytes, now: datetime) -> str:
    """Looks for what is old, removes what was told for a week, and says both.

    Raises:
        RegistryError: the registry fails; the next time goes on.
    """
    return told(age(registry, task, now))


def age(
    registry: SyncRegistry, task: TaskSpec, now: datetime, permit: Permit = may_go
) -> AgeingRecord:
    """Looks for what is old, kind by kind, and removes it where that may be.

    Args:
        registry: of the task.
        task: as it is now.
        now: aware UTC.
        permit: whether the old records of a kind may go.

    Returns:
        The look, as it was kept: `found` counts what was there before anything went.

    Raises:
        RegistryError: the registry fails; the same call goes on.
    """
    former = registry.run(AgeingRepository().current())
    looked = AgeingRecord(SUBJECT, now, ages(task.retention, NAMES, former, now))
    if looked.kinds or former is not None:
        registry.run(AgeingRepository().put(looked))
    done = []
    for one in looked.kinds:
        kind = next(kind for kind in KINDS if kind.name == one.kind)
        old = registry.run(kind.old(one.before))
        one = replace(one, found=old.number, oldest=old.oldest)
        if old.number and permit(one, now):
            gone = registry.run(kind.remove(one.before))
            one = replace(one, removed=one.removed + gone, removed_at=now)
        done.append(one)
    looked = replace(looked, kinds=tuple(done))
    if done:
        registry.run(AgeingRepository().put(looked))
    return looked


def told(looked: AgeingRecord) -> str:
    """A look in a sentence.

    >>> from datetime import UTC
    >>> now = datetime(2026, 3, 2, tzinfo=UTC)
    >>> told(AgeingRecord(SUBJECT, now, (KindAge("drift", 90, now, now, 4),)))
    'drift: 4 older than 90 days, removed from 2026-03-09 on'
    """
    return "; ".join(_told(one, looked.at) for one in looked.kinds) or NOTHING


def _told(one: KindAge, at: datetime) -> str:
    if not one.found:
        return f"{one.kind}: {one.found} older than {one.days} days"
    if one.removed_at == at:
        return f"{one.kind}: {one.found} older than {one.days} days, removed"
    day = f"{one.removes_from:%Y-%m-%d}"
    return f"{one.kind}: {one.found} older than {one.days} days, removed from {day} on"
