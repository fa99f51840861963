"""A student's events up to a day, as features. Nothing later is looked at, whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import fsum

from model.student import Value
from preprocessing.task.events import Aggregate, EventPlan, EventValue
from preprocessing.task.spelling import fold

TREND_DAYS = 30.0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on a day.

    Attributes:
        day: when; of a month its last day, on which all of it is known.
        kind: folded; empty where the table tells no kinds.
        value: None where the table tells none.
    """

    day: date
    kind: str = ""
    value: float | None = None


def aggregated(
    plan: EventPlan, events: Sequence[Event], *, began: date, as_of: date
) -> dict[str, Value]:
    """The features of a student's events; what they do not tell is left out.

    A student without events has counts and sums of 0, and neither mean nor last value.

    Args:
        plan: which features.
        events: of the student, in any order; whatever is later than `as_of` is not looked at.
        began: when the period began.
        as_of: the day of prediction; its own events count.

    >>> plan = EventPlan.model_validate({"date": {"name": "day"}, "aggregates": [
    ...     {"name": "absent", "windows": ["30d", "period"]}]})
    >>> days = [Event(date(2023, 3, 1)), Event(date(2023, 6, 20)), Event(date(2023, 7, 1))]
    >>> aggregated(plan, days, began=date(2023, 1, 1), as_of=date(2023, 6, 30))
    {'absent_count_30d': 1.0, 'absent_count_period': 2.0}
    """
    known = sorted((e for e in events if e.day <= as_of), key=_order)
    found: dict[str, Value] = {}
    for one in plan.aggregates:
        own = [event for event in known if _is_of(event, one)]
        for value in one.values:
            for window in one.windows:
                within = [e for e in own if _starts(window, began, as_of) < e.day]
                number = _value(value, within)
                if number is not None:
                    found[f"{one.name}_{value}_{window}"] = number
    return found


def _order(event: Event) -> tuple[date, str, float]:
    return event.day, event.kind, 0.0 if event.value is None else event.value


def _is_of(event: Event, one: Aggregate) -> bool:
    return not one.kinds or event.kind in {fold(kind) for kind in one.kinds}


def _starts(window: str, began: date, as_of: date) -> date:
    """The last day that a window does not hold."""
    if window == "all":
        return date.min
    if window == "period":
        return began - timedelta(days=1)
    return as_of - timedelta(days=int(window[:-1]))


def _value(value: EventValue, events: Sequence[Event]) -> float | None:
    if value == "count":
        return float(len(events))
    points = [(event.day, event.value) for event in events if event.value is not None]
    numbers = [number for _, number in points]
    match value:
        case "sum":
            return fsum(numbers)
        case "mean":
            return fsum(numbers) / len(numbers) if numbers else None
        case "last":
            return numbers[-1] if numbers else None
        case "trend":
            return _trend(points)


def _trend(points: Sequence[tuple[date, float]]) -> float | None:
    """Least squares: the change in 30 days; None where all is of one day."""
    if len({day for day, _ in points}) < 2:
        return None
    days = [float(day.toordinal()) for day, _ in points]
    middle, mean = fsum(days) / len(days), fsum(v for _, v in points) / len(points)
    across = fsum((day - middle) ** 2 for day in days)
    slope = fsum((x - middle) * (v - mean) for x, (_, v) in zip(days, points, strict=True)) / across
    return slope * TREND_DAYS
