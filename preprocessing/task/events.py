"""What a task says of events: a second table with a row a day, an absence or a mark."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from preprocessing.task.columns import Column, Direction, Kind, Spec

EventValue = Literal["count", "sum", "mean", "last", "trend"]
"""What is worked out of a student's events, in `preprocessing.events.aggregating`."""

Window = Annotated[str, Field(pattern=r"^([1-9]\d{0,3}d|period|all)$")]
"""The days up to the day of prediction: so many, those since the period began, or all."""

_OF_VALUES: frozenset[EventValue] = frozenset({"sum", "mean", "last", "trend"})
_DESCRIPTIONS: Mapping[EventValue, tuple[str, str]] = {
    "count": ("Number", "Número"),
    "sum": ("Sum", "Soma"),
    "mean": ("Mean", "Média"),
    "last": ("Last value", "Último valor"),
    "trend": ("Change in 30 days", "Variação em 30 dias"),
}


class Aggregate(Spec):
    """Features worked out of events, named `<name>_<value>_<window>`.

    Attributes:
        name: what they begin with.
        kinds: which events, by the texts of the kind's column; all where none is named.
        values: what is worked out.
        windows: over which days.
        low: smallest value that an event may have.
        high: largest.
        monotone: what more of it may do to the risk; of counts, sums, means and last values.
        label: what people call the events.
        label_pt: the same in Portuguese.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
    kinds: tuple[str, ...] = ()
    values: Annotated[tuple[EventValue, ...], Field(min_length=1)] = ("count",)
    windows: Annotated[tuple[Window, ...], Field(min_length=1)] = ("30d", "period")
    low: float | None = None
    high: float | None = None
    monotone: Direction = 0
    label: str = ""
    label_pt: str = ""


class EventPlan(Spec):
    """Where events stand and what is worked out of them.

    Attributes:
        id: the column of the student; the task's `id`, where none is named.
        date: the column of the day, or of the month, whose last day is meant.
        kind: the column that says what kind of event it is.
        value: the column of its number.
        month_first: 3/4 is 4 March.
        as_of: month and day up to which the events of a period are known when predicting.
        aggregates: the features.
    """

    id: Column | None = None
    date: Column
    kind: Column | None = None
    value: Column | None = None
    month_first: bool = False
    as_of: str = "12-31"
    aggregates: Annotated[tuple[Aggregate, ...], Field(min_length=1)]

    @field_validator("as_of")
    @classmethod
    def _as_of_is_a_day(cls, as_of: str) -> str:
        try:
            datetime.date.fromisoformat(f"2023-{as_of}")  # Every year has the day.
        except ValueError as error:
            raise ValueError(f"{as_of!r}: write month and day, such as 06-30") from error
        return as_of

    @model_validator(mode="after")
    def _aggregates_have_their_columns(self) -> EventPlan:
        for one in self.aggregates:
            if self.value is None and _OF_VALUES & {*one.values}:
                raise ValueError(f"{one.name}: {', '.join(one.values)} need `value`, its column")
            if self.kind is None and one.kinds:
                raise ValueError(f"{one.name}: `kinds` need `kind`, the column that tells them")
        return self

    def decision_day(self, year: int) -> datetime.date:
        """The last day of which events of that year are looked at."""
        return datetime.date.fromisoformat(f"{year:04}-{self.as_of}")


def event_columns(aggregates: Iterable[Aggregate]) -> tuple[Column, ...]:
    """The features that aggregates add to those that schools report, in their order."""
    return tuple(
        _column(one, value, window)
        for one in aggregates
        for value in one.values
        for window in one.windows
    )


def _column(one: Aggregate, value: EventValue, window: str) -> Column:
    english, portuguese = _DESCRIPTIONS[value]
    low, high = one.low, one.high
    if value == "count":
        low, high = 0.0, None
    elif value == "sum":
        low, high = (0.0 if low is not None and low >= 0 else None), None
    elif value == "trend":
        low = high = None
    when, when_pt = _days(window)
    return Column(
        name=f"{one.name}_{value}_{window}",
        kind=Kind.NUMERIC,
        low=low,
        high=high,
        integer=value == "count",
        monotone=0 if value == "trend" else one.monotone,
        label=f"{one.label or one.name}: {english.lower()}, {when}",
        label_pt=f"{one.label_pt or one.label or one.name}: {portuguese.lower()}, {when_pt}",
        description=f"{english} of {one.name}, {when}. Worked out of events, up to their day.",
        description_pt=f"{portuguese} de {one.label_pt or one.name}, {when_pt}.",
    )


def _days(window: str) -> tuple[str, str]:
    if window == "all":
        return "all that is known", "tudo o que se sabe"
    if window == "period":
        return "since the period began", "desde o início do período"
    return f"last {window[:-1]} days", f"últimos {window[:-1]} dias"
