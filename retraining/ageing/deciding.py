"""Which kinds of records age, since when, and whether what is old may go."""

from __future__ import annotations

from datetime import datetime

from model.ageing.record import AgeingRecord, KindAge, old_before
from preprocessing.task.policies import RetentionPolicy


def ages(
    policy: RetentionPolicy, kinds: tuple[str, ...], former: AgeingRecord | None, now: datetime
) -> tuple[KindAge, ...]:
    """How each kind ages that the task gives an age.

    A new age, or a shorter one, is told for a week before anything goes; a longer one takes
    nothing that the former did not.

    Args:
        policy: of the task.
        kinds: the names of all.
        former: the look before.
        now: aware UTC.
    """
    found = []
    for kind in kinds:
        days: int | None = getattr(policy, f"{kind}_days")
        if days is None:
            continue
        was = None if former is None else former.of(kind)
        found.append(
            KindAge(
                kind=kind,
                days=days,
                since=was.since if was is not None and was.days <= days else now,
                before=old_before(now, days),
                removed=0 if was is None else was.removed,
                removed_at=None if was is None else was.removed_at,
            )
        )
    return tuple(found)


def may_go(age: KindAge, now: datetime) -> bool:
    """Whether what is old was told for long enough."""
    return now >= age.removes_from
