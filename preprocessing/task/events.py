"""What a task says of events: a second table with a row a day, an absence or a mark."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from model.horizon import year_of
from preprocessing.task.columns import Column, Direction, Kind, Spec
from preprocessing.task.terms import PeriodSpan, PeriodTerm, day_of, span_of

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
        as_of: month and day up to which the events of a year are known when predicting.
        terms: where periods are no years: how they are called, with `{year}`, to when they are.
        aggregates: the features.
    """

    id: Column | None = None
    date: Column
    kind: Column | None = None
    value: Column | None = None
    month_first: bool = False
    as_of: str = "12-31"
    terms: Mapping[str, PeriodTerm] = {}
    aggregates: Annotated[tuple[Aggregate, ...], Field(min_length=1)]

    @field_validator("as_of")
    @classmethod
    def _as_of_is_a_day(cls, as_of: str) -> str:
        day_of(2023, as_of)
        return as_of

    @model_validator(mode="after")
    def _aggregates_have_their_columns(self) -> EventPlan:
        for one in self.aggregates:
            if self.value is None and _OF_VALUES & {*one.values}:
                raise ValueError(f"{one.name}: {', '.join(one.values)} need `value`, its column")
            if self.kind is None and one.kinds:
                raise ValueError(f"{one.name}: `kinds` need `kind`, the column that tells them")
        return self

    @field_validator("terms")
    @classmethod
    def _terms_name_a_year(cls, terms: Mapping[str, PeriodTerm]) -> Mapping[str, PeriodTerm]:
        wrong = [
            name
            for name in terms
            if name.replace("{year}", "", 1).count("{") or name.count("{year}") != 1
        ]
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: write {{year}} once, as in '{{year}}-1'")
        return terms

    @model_validator(mode="after")
    def _terms_say_their_own_days(self) -> EventPlan:
        if self.terms and "as_of" in self.model_fields_set:
            raise ValueError("as_of: is of years; say it in each of the `terms`")
        return self

    def no_period(self, is_period: Callable[[str], bool]) -> str:
        """Why periods that the task writes cannot be told to be times; else empty.

        Args:
            is_period: whether a text is a period of the task.
        """
        foreign = [name for name in self.terms if not is_period(name.format(year=2024))]
        if foreign:
            return f"events.terms: {', '.join(foreign)}: no period that `periods` allows"
        if not self.terms and not is_period("2024"):
            return "events: periods are no years; say in `events.terms` when each of them is"
        return ""

    def span(self, period: str) -> PeriodSpan | None:
        """When a period is, and up to when its events are looked at; None: nobody knows.

        >>> plan = EventPlan.model_validate({"date": {"name": "day"},
        ...     "aggregates": [{"name": "absent"}], "terms": {
        ...     "{year}-1": {"begins": "02-01", "ends": "06-30", "as_of": "05-15"}}})
        >>> span = plan.span("2024-1")
        >>> str(span.began), str(span.ends), str(span.as_of), plan.span("2024-2")
        ('2024-02-01', '2024-06-30', '2024-05-15', None)
        """
        if self.terms:
            return span_of(period, self.terms)
        year = year_of(period)
        if year is None:
            return None
        first, last = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
        return PeriodSpan(first, last, day_of(year, self.as_of))


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
