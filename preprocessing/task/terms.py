"""Periods that are no years: when a term or a month begins and ends."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import field_validator, model_validator

from preprocessing.task.columns import Spec

YEAR = "{year}"


@dataclass(frozen=True, slots=True)
class PeriodSpan:
    """When a period is.

    Attributes:
        began: its first day.
        ends: its last.
        as_of: the last day of which events are looked at when predicting.
    """

    began: datetime.date
    ends: datetime.date
    as_of: datetime.date


def day_of(year: int, day: str) -> datetime.date:
    """A month and day in a year.

    >>> day_of(2024, "06-30").isoformat()
    '2024-06-30'

    Raises:
        ValueError: no month and day that every year has.
    """
    try:
        datetime.date.fromisoformat(f"2023-{day}")  # Every year has the day.
    except ValueError as error:
        raise ValueError(f"{day!r}: write month and day, such as 06-30") from error
    return datetime.date.fromisoformat(f"{year:04}-{day}")


class PeriodTerm(Spec):
    """A period of a year, by month and day; one that ends before it begins ends in the next year.

    Attributes:
        begins: its first day.
        ends: its last.
        as_of: the day up to which events are known when predicting; left out: its last.
    """

    begins: str
    ends: str
    as_of: str | None = None

    @field_validator("begins", "ends", "as_of")
    @classmethod
    def _is_a_day(cls, day: str | None) -> str | None:
        if day is not None:
            day_of(2023, day)
        return day

    @model_validator(mode="after")
    def _predicts_within(self) -> PeriodTerm:
        span = self.span(2023)
        if not span.began <= span.as_of <= span.ends:
            raise ValueError(f"as_of: {self.as_of} is not within {self.begins} to {self.ends}")
        return self

    def span(self, year: int) -> PeriodSpan:
        """The days of the term that begins in a year.

        >>> span = PeriodTerm(begins="09-01", ends="06-15", as_of="01-31").span(2023)
        >>> str(span.ends), str(span.as_of)
        ('2024-06-15', '2024-01-31')
        """
        began = day_of(year, self.begins)

        def after(day: str) -> datetime.date:
            found = day_of(year, day)
            return found if found >= began else day_of(year + 1, day)

        ends = after(self.ends)
        return PeriodSpan(began, ends, ends if self.as_of is None else after(self.as_of))


def span_of(period: str, terms: Mapping[str, PeriodTerm]) -> PeriodSpan | None:
    """When a period is; None where no term is called so.

    Args:
        period: its name.
        terms: what they are called, with `{year}` for the four digits of a year.
    """
    for name, term in terms.items():
        pattern = re.escape(name).replace(re.escape(YEAR), r"((?:19|20|21)\d{2})")
        if found := re.fullmatch(pattern, period, re.ASCII):
            return term.span(int(found[1]))
    return None
