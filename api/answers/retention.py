"""What is answered about old records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from typing_extensions import TypedDict

from api.answers.filled import Count
from model.ageing.served_day import ServedCell


class KindRetention(TypedDict):
    """How long one kind of records is kept.

    Attributes:
        kind: the key of the task's `retention`, without `_days`.
        days: how long; null is for ever.
        found: so many were older at the last look, before anything was removed.
        oldest: when the oldest of them came.
        removes_from: from when on they are removed; null before the first look with this age.
        removed: so many were removed, ever.
        removed_at: when any was removed last.
    """

    kind: str
    days: int | None
    found: Count
    oldest: datetime | None
    removes_from: datetime | None
    removed: Count
    removed_at: datetime | None


class RetentionAnswer(TypedDict):
    """How long records are kept.

    Attributes:
        at: the last look; null before the first.
        notice_days: so long is told what a new age would remove before it is removed.
    """

    at: datetime | None
    notice_days: Count
    kinds: Sequence[KindRetention]


class ServedDayAnswer(TypedDict):
    """What stays of a day's predictions.

    Attributes:
        day: in UTC, `20260302`.
    """

    day: str
    cells: Sequence[ServedCell]


class ServedDaysAnswer(TypedDict):
    """Days whose predictions were removed, newest first."""

    days: Sequence[ServedDayAnswer]
