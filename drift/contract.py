"""The one contract of every drift test: what it declares, what it is given, what it answers.

A test is one file with one class. What people read of it (the terminal, the pages, docs/drift.md)
is made from its declaration; `drift.catalogue` names it, the task's `drift` policy chooses it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from drift.bins import value_bins
from model.profile import CATEGORY, NUMERIC, CategoryProfile, ColumnProfile, NumericProfile
from model.student import Value

LEAST_VALUES = 5
"""Below so many values on either side a distribution is not compared."""


@dataclass(frozen=True, slots=True)
class Said:
    """One text in both languages."""

    en: str
    pt: str

    def of(self, language: str) -> str:
        """The text in the language of that code, English where it is not Portuguese.

        >>> Said("missing", "ausência").of("pt")
        'ausência'
        """
        return self.pt if language == "pt" else self.en


@dataclass(frozen=True, slots=True)
class DriftExample:
    """The values of one column in training and now; None is missing, text makes it a category."""

    reference: tuple[Value | None, ...]
    current: tuple[Value | None, ...]


@dataclass(frozen=True, slots=True)
class About:
    """All that is declared about a drift test.

    Attributes:
        name: what it goes by in stored reports and in the task (`drift.numeric`,
            `drift.category`); never changed.
        label: its short name in tables.
        sentence: what it does.
        effect: what its effect is.
        limit: from which effect on a shift is large, unless the task's `drift.limits` has the name.
        alarming: an example in which it must find drift.
        quiet: an example in which it must find none.
        row: what it calls its row in a chart, where the rows of all tests stand together.
    """

    name: str
    label: Said
    sentence: Said
    effect: Said
    limit: float
    alarming: DriftExample
    quiet: DriftExample
    row: Said = Said("{feature} ({label})", "{feature} ({label})")


@dataclass(frozen=True, slots=True)
class DriftResult:
    """What a test found between two profiles of one column.

    Attributes:
        statistic: the test's own statistic.
        p_value: the chance of one at least as extreme if nothing had changed; None from a test that
            only measures, which never alarms.
        effect: how large the difference is, from 0, whatever the number of rows.
        effect_name: what the effect is, in English.
        enough: False where the records cannot answer; then the other figures mean nothing.
        unseen: categories that training never saw, from a test that looks for them.
    """

    statistic: float
    p_value: float | None
    effect: float
    effect_name: str
    enough: bool = True
    unseen: tuple[str, ...] = ()


class DriftTest(ABC):
    """Compares one column's reference profile with its current one.

    A test is pure: the same profiles and seed give the same result. Implement `NumericTest`,
    `CategoryTest` or `ColumnTest`, by what the test can read.
    """

    kinds: ClassVar[tuple[str, ...]]

    @property
    @abstractmethod
    def about(self) -> About:
        """The test's declaration."""

    @abstractmethod
    def run(self, reference: ColumnProfile, current: ColumnProfile, seed: int) -> DriftResult:
        """Compares two profiles of one column; `seed` is for tests that draw.

        Raises:
            TypeError: profiles of a kind that the test does not read.
        """

    def enough(self, reference: ColumnProfile, current: ColumnProfile) -> bool:
        """Whether the records can answer: by default, five values on either side."""
        return min(reference.present, current.present) >= LEAST_VALUES

    def bins(self, reference: ColumnProfile, current: ColumnProfile) -> NDArray[np.float64]:
        """The (2, k) counts from which the PSI beside the test's row is worked out."""
        return value_bins(reference, current)

    def found(
        self,
        statistic: float,
        p_value: float | None,
        effect: float,
        unseen: tuple[str, ...] = (),
    ) -> DriftResult:
        """The result of these figures, under the name of the test's effect."""
        return DriftResult(statistic, p_value, effect, self.about.effect.en, unseen=unseen)

    def not_enough(self) -> DriftResult:
        """The result where the records cannot answer."""
        return DriftResult(0.0, None, 0.0, self.about.effect.en, enough=False)


class NumericTest(DriftTest):
    """A test that reads numbers."""

    kinds = (NUMERIC,)

    def run(self, reference: ColumnProfile, current: ColumnProfile, seed: int) -> DriftResult:
        """Compares two profiles of numbers."""
        if not (isinstance(reference, NumericProfile) and isinstance(current, NumericProfile)):
            raise TypeError(f"the drift test {self.about.name} compares two numbers")
        if not self.enough(reference, current):
            return self.not_enough()
        return self.compare(reference, current, seed)

    @abstractmethod
    def compare(self, reference: NumericProfile, current: NumericProfile, seed: int) -> DriftResult:
        """The difference between two profiles that can answer."""


class CategoryTest(DriftTest):
    """A test that reads categories."""

    kinds = (CATEGORY,)

    def run(self, reference: ColumnProfile, current: ColumnProfile, seed: int) -> DriftResult:
        """Compares two profiles of categories."""
        if not (isinstance(reference, CategoryProfile) and isinstance(current, CategoryProfile)):
            raise TypeError(f"the drift test {self.about.name} compares two categories")
        if not self.enough(reference, current):
            return self.not_enough()
        return self.compare(reference, current, seed)

    @abstractmethod
    def compare(
        self, reference: CategoryProfile, current: CategoryProfile, seed: int
    ) -> DriftResult:
        """The difference between two profiles that can answer."""


class ColumnTest(DriftTest):
    """A test that reads columns of either kind."""

    kinds = (NUMERIC, CATEGORY)

    def run(self, reference: ColumnProfile, current: ColumnProfile, seed: int) -> DriftResult:
        """Compares two profiles of one kind."""
        if not self.enough(reference, current):
            return self.not_enough()
        return self.compare(reference, current, seed)

    @abstractmethod
    def compare(self, reference: ColumnProfile, current: ColumnProfile, seed: int) -> DriftResult:
        """The difference between two profiles that can answer."""
