"""A student's indicators before a help began and since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from model.horizon import year_of
from model.student import Observation


@dataclass(frozen=True, slots=True)
class IndicatorChange:
    """One indicator that is a number, before and after.

    Attributes:
        change: after minus before.
    """

    feature: str
    before: float
    after: float
    change: float


@dataclass(frozen=True, slots=True)
class IndicatorProgress:
    """What is known of a student before a help began and since; no effect of it by itself.

    Attributes:
        before: the last record from before the first day; None where there is none.
        after: the newest record since; None where there is none yet.
    """

    before: Observation | None = None
    after: Observation | None = None

    @property
    def changes(self) -> list[IndicatorChange]:
        """The numbers that both records hold, by name."""
        if self.before is None or self.after is None:
            return []
        was, now = _numbers(self.before), _numbers(self.after)
        return [
            IndicatorChange(name, was[name], now[name], now[name] - was[name])
            for name in sorted(was.keys() & now.keys())
        ]


def progress_since(start: date, observations: Sequence[Observation]) -> IndicatorProgress:
    """The records around the first day of a help.

    A period of four digits is a calendar year, and its record holds what the year came to: that of
    the year in which a help began is one of after. Any other period is placed by the moment at
    which its record was observed.

    Args:
        start: the first day.
        observations: of one student.
    """
    ordered = sorted(observations, key=lambda one: one.period)
    earlier = [one for one in ordered if _is_before(one, start)]
    later = [one for one in ordered if not _is_before(one, start)]
    return IndicatorProgress(earlier[-1] if earlier else None, later[-1] if later else None)


def _is_before(record: Observation, start: date) -> bool:
    year = year_of(record.period)
    return record.observed_at.date() < start if year is None else year < start.year


def _numbers(record: Observation) -> dict[str, float]:
    return {name: v for name, v in record.features.items() if not isinstance(v, str)}
