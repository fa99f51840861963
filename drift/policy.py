"""Which drift tests run on which kind of feature, and from which effect on a shift is large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from drift.catalogue import TESTS, known
from drift.contract import DriftTest
from model.errors import ConfigurationError
from model.profile import CATEGORY, NUMERIC, CategoryProfile, ColumnProfile


class ChosenTests(Protocol):
    """What a task says of the tests: the part of its `drift` policy that is read here."""

    @property
    def numeric(self) -> Sequence[str]:
        """Names of the tests of a number."""

    @property
    def category(self) -> Sequence[str]:
        """Names of the tests of a category."""

    @property
    def limits(self) -> Mapping[str, float]:
        """Name of a test to its limit, where it is not the test's own."""

    @property
    def alpha(self) -> float:
        """The level: what a q-value is at most where a column drifted."""


@dataclass(frozen=True, slots=True)
class DriftPolicy:
    """When a column counts as drifted: `q_value <= alpha` and the effect at its test's limit."""

    numeric: tuple[DriftTest, ...]
    category: tuple[DriftTest, ...]
    limits: Mapping[str, float] = field(default_factory=dict)
    alpha: float = 0.05

    def tests_of(self, column: ColumnProfile) -> tuple[DriftTest, ...]:
        """The tests of that kind of feature."""
        return self.category if isinstance(column, CategoryProfile) else self.numeric

    def limit_of(self, test: DriftTest) -> float:
        """From which effect on what the test finds is large."""
        return self.limits.get(test.about.name, test.about.limit)


def policy_of(chosen: ChosenTests) -> DriftPolicy:
    """The policy of a task.

    Raises:
        ConfigurationError: no such test, or one that does not read that kind of feature.
    """
    for name in chosen.limits:
        _named(name, "limits", TESTS)
    return DriftPolicy(
        numeric=_tests(chosen.numeric, NUMERIC),
        category=_tests(chosen.category, CATEGORY),
        limits=dict(chosen.limits),
        alpha=chosen.alpha,
    )


def _tests(names: Sequence[str], kind: str) -> tuple[DriftTest, ...]:
    of_kind = [test for test in TESTS if kind in test.kinds]
    # A test named twice would count twice in the correction for how many there are.
    return tuple(_named(name, kind, of_kind) for name in dict.fromkeys(names))


def _named(name: str, key: str, among: Sequence[DriftTest]) -> DriftTest:
    test = known(name)
    if test is None or test not in among:
        names = ", ".join(test.about.name for test in among)
        raise ConfigurationError(f"drift.{key}: {name!r} is not one of {names}")
    return test
