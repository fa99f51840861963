"""When what is old may go: told for a week, and anew where a shorter age takes more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from model.ageing.record import NOTICE, SUBJECT, AgeingRecord
from preprocessing.task.policies import RetentionPolicy
from retraining.ageing.deciding import ages, may_go

NOW = datetime(2026, 3, 2, 3, 45, tzinfo=UTC)
KINDS = ("predictions", "drift")


def looked(days: int, at: datetime, former: AgeingRecord | None = None) -> AgeingRecord:
    policy = RetentionPolicy(predictions_days=days)
    return AgeingRecord(SUBJECT, at, ages(policy, KINDS, former, at))


def test_a_new_age_is_told_for_a_week_before_anything_goes() -> None:
    first = looked(365, NOW)
    (then,) = looked(365, NOW + NOTICE, first).kinds

    assert not may_go(first.kinds[0], NOW + NOTICE - timedelta(seconds=1))
    assert may_go(then, NOW + NOTICE)
    assert then.since == NOW


def test_a_shorter_age_begins_a_new_week_and_a_longer_one_does_not() -> None:
    later = NOW + NOTICE
    (shorter,) = looked(364, later, looked(365, NOW)).kinds
    (longer,) = looked(366, later, looked(365, NOW)).kinds

    assert (shorter.since, longer.since) == (later, NOW)


def test_a_kind_without_an_age_is_not_looked_at_and_begins_anew_when_it_gets_one() -> None:
    nothing = AgeingRecord(SUBJECT, NOW, ages(RetentionPolicy(), KINDS, looked(365, NOW), NOW))
    (again,) = looked(365, NOW + NOTICE, nothing).kinds

    assert nothing.kinds == ()
    assert again.since == NOW + NOTICE
