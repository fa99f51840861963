"""When the drift report of a day says that errors have risen, in a year of daily reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from drift.performance.page_hinkley import excess_errors, page_hinkley
from preprocessing.dataset import TrainingSet
from tests.studies.all_year.school import CHANGE, SHOWN

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FirstWarning:
    """The first report of a year that told of a rise.

    Attributes:
        day: of the report.
        since: since when the errors have risen, as it says.
        outcomes: that had come since the change by then; 0 before it.
    """

    day: str
    since: str
    outcomes: int

    @property
    def late(self) -> int:
        """Days since the first outcomes after the change came; negative before."""
        return (date.fromisoformat(self.day) - SHOWN).days

    @property
    def off(self) -> int:
        """How many days after these it says that the rise began."""
        return (date.fromisoformat(self.since) - SHOWN).days


def warnings(
    year: TrainingSet, scores: Floats, *, monthly: bool, begin: str = ""
) -> FirstWarning | None:
    """The first warning from a day on; None: there was none.

    Args:
        year: in the order in which the outcomes came.
        scores: that its records were given.
        monthly: whether a new version has learned each month's outcomes: then the report looks at
            those that came since, as the version has not seen them.
        begin: the day, ISO 8601; empty is the first.
    """
    errors, days = excess_errors(year.outcome, scores), days_of(year)
    came = np.array(days)
    for day in sorted(set(days)):
        if day < begin:
            continue
        looked = came <= day
        if monthly:
            looked &= year.periods == day[:7]
        found = page_hinkley(errors[looked], came[looked].tolist())
        if found is not None and found.told:
            since = (came >= CHANGE.isoformat()) & (came <= day)
            return FirstWarning(day, found.since, int(since.sum()))
    return None


def days_of(year: TrainingSet) -> Sequence[str]:
    """The day on which each outcome came, ISO 8601."""
    assert year.arrived is not None
    return [f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}" for at in year.arrived]


def told(found: FirstWarning | None) -> dict[str, str | int] | None:
    """As a line of results has it."""
    return None if found is None else asdict(found)
