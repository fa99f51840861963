"""What the champion finds is told with and without helped students, and never of a few."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from drift.performance.over_time import JudgedRecords, over_time
from model.helping.bounds import UNBOUNDED
from model.watch.performance import RealisedFigures

AT = datetime(2025, 1, 10, tzinfo=UTC)


def judged(helped: NDArray[np.bool_] | None) -> JudgedRecords:
    """120 outcomes, half at risk; every third is flagged wrongly."""
    n = 120
    outcomes = (np.arange(n) < 60).astype(np.float64)
    flags = np.where(np.arange(n) % 3 == 0, 1 - outcomes, outcomes)
    periods = tuple("2023" if i % 2 else "2024" for i in range(n))
    return JudgedRecords(
        outcomes, flags, np.full(n, 0.5), periods, (AT,) * n, helped=helped,
    )  # fmt: skip


def last(helped: NDArray[np.bool_] | None) -> RealisedFigures:
    found = over_time(judged(helped)).last
    assert found is not None
    return found


def test_the_recall_stands_with_and_without_the_helped_between_its_bounds() -> None:
    row = last(np.arange(120) >= 90)

    bounds = row.helped_recall
    assert row.helped == 30 and bounds.recorded == row.recall.value == 40 / 60
    assert bounds.without == 40 / 60
    assert (bounds.low, bounds.high) == (40 / 80, 50 / 70)


def test_that_nobody_was_helped_is_told_and_that_nobody_knows_is_not() -> None:
    assert last(np.zeros(120, dtype=np.bool_)).helped == 0
    unknown = last(None)
    assert unknown.helped is None and unknown.helped_recall == UNBOUNDED


def test_of_fewer_than_ten_helped_nothing_is_told() -> None:
    row = last(np.arange(120) >= 112)

    assert row.helped is None and row.helped_recall == UNBOUNDED
    assert row.recall.value is not None


def test_a_period_that_would_follow_as_a_difference_is_withheld() -> None:
    helped = np.array([i % 2 == 0 or i >= 112 for i in range(120)]) & (np.arange(120) >= 90)

    rows = over_time(judged(helped)).periods

    assert [row.helped for row in rows] == [None, None]
