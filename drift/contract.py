"""The one contract of every drift test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from model.profile import CategoryProfile, ColumnProfile, NumericProfile

P = TypeVar("P", NumericProfile, CategoryProfile, ColumnProfile, contravariant=True)

LEAST_VALUES = 5
"""Below so many values on either side a distribution is not compared."""


@dataclass(frozen=True, slots=True)
class Shift:
    """What a test found between two profiles of one column.

    Attributes:
        statistic: the test's own statistic.
        p_value: the chance of one at least as extreme if nothing had changed.
        effect: how large the difference is, in [0, 1], whatever the number of rows.
    """

    statistic: float
    p_value: float
    effect: float


class DriftTest(Protocol[P]):
    """Compares one column's reference profile with its recent one.

    A test is pure: the same profiles give the same shift.
    """

    @property
    def name(self) -> str:
        """The name it goes by in a report, and in the dashboard's texts (`test.<name>`)."""
        ...

    @property
    def title(self) -> str:
        """The name it goes by in the table at a terminal."""
        ...

    @property
    def limit(self) -> float:
        """From which effect on a shift counts as large."""
        ...

    def compare(self, reference: P, recent: P) -> Shift:
        """The shift from `reference` to `recent`."""
        ...
