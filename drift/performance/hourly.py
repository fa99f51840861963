"""Count, mean, spread and extremes of what was served in each hour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from model.profile import SCORE
from model.units.disclosure import FEWEST_SHOWN
from model.watch.served import ColumnStatistics, HourStatistics, ServedScore

SETTLING = timedelta(hours=2)
"""Hours that ended this long before the newest one that is known are not read again; what waited
in an outbox for longer than that is in no hour."""


def hour_of(moment: datetime) -> str:
    """The hour of a moment, as keys name it.

    >>> hour_of(datetime(2026, 11, 27, 3, 59, tzinfo=UTC))
    '20261127T03'
    """
    return f"{moment.astimezone(UTC):%Y%m%dT%H}"


def begin_of(hour: str) -> datetime:
    """When an hour begins.

    >>> begin_of("20261127T03").isoformat()
    '2026-11-27T03:00:00+00:00'
    """
    return datetime.strptime(hour, "%Y%m%dT%H").replace(tzinfo=UTC)


def read_from(newest: HourStatistics | None) -> datetime:
    """The moment from which predictions are read again."""
    if newest is None:
        return datetime.min.replace(tzinfo=UTC)
    return begin_of(newest.hour) - SETTLING


def hourly_statistics(
    served: Iterable[ServedScore], features: Sequence[str], *,
    since: datetime, cut: bool, now: datetime,
) -> list[HourStatistics]:  # fmt: skip
    """Statistics of each hour, the newest first.

    Moments and extremes of fewer than ten values are withheld.

    Args:
        served: predictions, newest first; one that comes twice is counted once.
        features: names of the task's features; others are not looked at.
        since: earlier predictions are left out.
        cut: there are older predictions that were not read: the oldest hour is not whole.
        now: aware UTC.
    """
    by_hour: dict[str, dict[str, ServedScore]] = {}
    for one in served:
        if one.at >= since:
            by_hour.setdefault(hour_of(one.at), {})[one.prediction_id] = one
    hours = sorted(by_hour, reverse=True)
    return [
        _statistics(
            hour, list(by_hour[hour].values()), features,
            whole=not (cut and hour == hours[-1]), now=now,
        )
        for hour in hours
    ]  # fmt: skip


def _statistics(
    hour: str, served: Sequence[ServedScore], features: Sequence[str], *, whole: bool, now: datetime
) -> HourStatistics:
    return HourStatistics(
        hour=hour,
        at=now,
        count=len(served),
        whole=whole,
        newest=max(one.at for one in served),
        versions=tuple(sorted({one.model_version for one in served})),
        columns=(
            _column(SCORE, [one.score for one in served]),
            *(_column(name, [one.features.get(name) for one in served]) for name in features),
        ),
    )


def _column(name: str, values: Sequence[float | str | None]) -> ColumnStatistics:
    known = [value for value in values if value is not None]
    numbers = np.array([v for v in known if not isinstance(v, str)], dtype=np.float64)
    if numbers.size < FEWEST_SHOWN:
        return ColumnStatistics(name, len(known))
    return ColumnStatistics(
        name=name,
        known=len(known),
        mean=float(numbers.mean()),
        spread=float(numbers.std()),
        low=float(numbers.min()),
        high=float(numbers.max()),
    )
