"""A generated school with events, whose outcomes come all year.

Students have an engagement and an ability that no column shows and that change slowly from month
to month. Absences follow the one, marks the other. Who falls behind in a month is decided by
engagement; after the change by ability, wholly or as much as by engagement, and as often, but for
chance. Years are alike otherwise, so that without the change nothing is to be warned of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from model.student import Features
from preprocessing.dataset import TrainingSet
from preprocessing.events.aggregating import Event, aggregated
from preprocessing.task.events import EventPlan
from preprocessing.task.spec import TaskSpec, parse_task

Floats = NDArray[np.float64]

MONTHS = tuple(range(2, 12))
FIRST_YEAR, LAST_YEAR = 2024, 2025
CHANGE = date(LAST_YEAR, 7, 1)
"""From this month on the relation is another one, where it changes at all."""
SHOWN = date(LAST_YEAR, 7, 15)
"""The first day on which outcomes of that month come."""

KEPT = 0.9
"""Correlation of engagement and ability with those of the month before."""
LEVEL, STRENGTH = -1.1, 1.6
"""Log-odds of falling behind at the mean, and for a standard deviation less of what decides."""
ABSENT, ABSENT_FOLLOWS = -2.4, 0.8
"""Log-odds of missing a school day, and what a standard deviation less engagement adds."""
MARKS = 4
"""Marks a month."""
RECENT = timedelta(days=95)
"""Older events are in none of the windows."""

SPANS = "\n".join(
    f'    "{{year}}-{month:02}": '
    f'{{begins: "{month:02}-01", ends: "{month:02}-28", as_of: "{month:02}-14"}}'
    for month in MONTHS
)
TASK = f"""
name: all_year
title: Falls behind this month
id: {{name: ra}}
periods: \\d{{4}}-\\d{{2}}
features: [{{name: age, low: 5, high: 20, integer: true}}]
events:
  date: {{name: day}}
  kind: {{name: kind}}
  value: {{name: value}}
  terms:
{SPANS}
  aggregates:
    - {{name: absent, kinds: [absence], windows: [30d, 90d]}}
    - {{name: mark, kinds: [mark], values: [mean, last, trend], windows: [90d], low: 0, high: 10}}
outcome: {{column: {{name: behind}}, horizon: 0, at_least: 1}}
"""


@dataclass(frozen=True, slots=True)
class SchoolYears:
    """Two years of a school; the second one in several versions, of the same records.

    Attributes:
        before: the first year.
        second: share of the decision that ability takes over to the second year; 0 is no change.
            In the order of the days on which the outcomes came.
    """

    before: TrainingSet
    second: dict[float, TrainingSet]


def task_of_all_year() -> TaskSpec:
    """The task of such a school: the month's periods, absences and marks up to its 14th."""
    return parse_task(TASK, source="all_year.yaml")


def simulate(task: TaskSpec, *, seed: int, students: int, shares: Sequence[float]) -> SchoolYears:
    """Draws a school.

    Args:
        task: of `task_of_all_year`.
        seed: the same seed gives the same school.
        students: each has an outcome a month.
        shares: how much of the decision ability takes over; each one a version of the second year.
    """
    rng = np.random.default_rng(seed)
    plan = task.events
    assert plan is not None
    age = rng.integers(7, 17, students)
    engagement, ability = rng.normal(size=(2, students))
    own: list[list[Event]] = [[] for _ in range(students)]
    months: list[_Month] = []
    for year in (FIRST_YEAR, LAST_YEAR):
        for month in MONTHS:
            engagement, ability = (_a_month_later(one, rng) for one in (engagement, ability))
            days = school_days(year, month)
            _happened(own, days, engagement, ability, rng)
            records = _records(plan, own, f"{year}-{month:02}", age + year - FIRST_YEAR)
            later = np.array([day for day in days if day.day > 14], dtype=np.object_)
            told = rng.choice(later, students)
            luck = rng.random(students)
            period = f"{year}-{month:02}"
            months.append(_Month(period, records, engagement, ability, told, luck))
    half = len(MONTHS)
    return SchoolYears(
        _told(months[:half], 0.0), {share: _told(months[half:], share) for share in shares}
    )


def school_days(year: int, month: int) -> list[date]:
    """Mondays to Fridays of a month, up to its 28th.

    >>> len(school_days(2025, 7))
    20
    """
    days = (date(year, month, day) for day in range(1, 29))
    return [day for day in days if day.weekday() < 5]


@dataclass(frozen=True, slots=True)
class _Month:
    """A month of all students.

    Attributes:
        told: the day on which each one's outcome comes.
        luck: between 0 and 1; who has less than their risk falls behind.
    """

    period: str
    records: list[Features]
    engagement: Floats
    ability: Floats
    told: NDArray[np.object_]
    luck: Floats

    def outcomes(self, share: float) -> Floats:
        """Who falls behind, where ability has taken over that share of the decision."""
        if self.told.min() < CHANGE:
            share = 0.0
        merit = (1.0 - share) * self.engagement + share * self.ability
        # As spread as before, so that as many fall behind.
        merit = merit / np.hypot(1.0 - share, share)
        return (self.luck < risk_of(LEVEL - STRENGTH * merit)).astype(np.float64)


def risk_of(log_odds: Floats) -> Floats:
    """1 / (1 + exp(-x))."""
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))


def _a_month_later(trait: Floats, rng: np.random.Generator) -> Floats:
    return np.asarray(KEPT * trait + np.sqrt(1.0 - KEPT**2) * rng.normal(size=len(trait)))


def _happened(
    own: list[list[Event]],
    days: Sequence[date],
    engagement: Floats,
    ability: Floats,
    rng: np.random.Generator,
) -> None:
    """Adds a month's absences and marks to each student's events."""
    chance = risk_of(ABSENT - ABSENT_FOLLOWS * engagement)
    absent = rng.random((len(own), len(days))) < chance[:, None]
    on = rng.integers(0, len(days), (len(own), MARKS))
    marks = np.clip(6.0 + 1.4 * ability[:, None] + rng.normal(size=on.shape), 0.0, 10.0).round(1)
    for student, events in enumerate(own):
        away = np.flatnonzero(absent[student]).tolist()
        events += [Event(days[at], "absence") for at in away]
        marked = zip(on[student].tolist(), marks[student].tolist(), strict=True)
        events += [Event(days[at], "mark", mark) for at, mark in marked]


def _records(
    plan: EventPlan, own: list[list[Event]], period: str, age: NDArray[np.int64]
) -> list[Features]:
    """What is known of each student when the month is predicted, by the product's own function."""
    span = plan.span(period)
    assert span is not None
    records: list[Features] = []
    for student, events in enumerate(own):
        own[student] = [event for event in events if event.day > span.as_of - RECENT]
        of_events = aggregated(plan, own[student], began=span.began, as_of=span.as_of)
        records.append({"age": float(age[student]), **of_events})
    return records


def _told(months: Sequence[_Month], share: float) -> TrainingSet:
    """A year's records in the order in which their outcomes came."""
    arrived = np.array([_moment(day) for month in months for day in month.told])
    data = TrainingSet(
        records=tuple(record for month in months for record in month.records),
        outcome=np.concatenate([month.outcomes(share) for month in months]),
        students=np.array([f"s{at:04}" for month in months for at in range(len(month.records))]),
        periods=np.array([month.period for month in months for _ in month.records]),
        protected={},
        arrived=arrived,
    )
    return data.take(np.argsort(arrived, kind="stable"))


def _moment(day: date) -> float:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
