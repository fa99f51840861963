"""Figures with and without helped students: the bounds are those of every possible truth."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from model.helping.bounds import HelpedBounds, gain_bounds, precision_bounds, recall_bounds

OUTCOME = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0])
HELPED = np.array([False, True, True, True, True, False, False])
OURS = np.array([1.0, 0.0, 1.0, 0.5, 0.0, 1.0, 1.0])
THEIRS = np.array([0.0, 1.0, 1.0, 0.0, 0.5, 1.0, 1.0])


def truths() -> list[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """What would have become of all, without help, whoever it saved."""
    maybe = np.flatnonzero(HELPED & (OUTCOME == 0))
    found = []
    for saved in product((0.0, 1.0), repeat=len(maybe)):
        truth = OUTCOME.copy()
        truth[maybe] = saved
        found.append(truth)
    return found


@pytest.mark.parametrize("worth", [OURS, THEIRS, OURS - THEIRS])
def test_a_recall_and_a_gain_lie_between_the_bounds_whoever_was_saved_and_reach_both(
    worth: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> None:
    possible = [float(worth @ truth / truth.sum()) for truth in truths()]

    bounds = recall_bounds(OUTCOME, worth, HELPED)

    assert (bounds.low, bounds.high) == (min(possible), max(possible))
    assert bounds.recorded == float(worth @ OUTCOME / OUTCOME.sum())


def test_a_precision_counts_a_helped_child_as_found_or_as_a_false_alarm() -> None:
    possible = [float(OURS @ truth / OURS.sum()) for truth in truths()]

    bounds = precision_bounds(OUTCOME, OURS, HELPED)

    assert (bounds.low, bounds.high) == (min(possible), max(possible))


def test_without_the_helped_only_the_others_count() -> None:
    others = ~HELPED

    bounds = gain_bounds(OUTCOME, OURS, THEIRS, HELPED)

    gain = (OURS - THEIRS)[others] @ OUTCOME[others] / OUTCOME[others].sum()
    assert bounds.without == float(gain)


def test_where_nobody_was_helped_all_four_figures_are_one() -> None:
    nobody = np.zeros(len(OUTCOME), dtype=np.bool_)

    bounds = recall_bounds(OUTCOME, OURS, nobody)

    assert bounds.recorded == bounds.without == bounds.low == bounds.high == pytest.approx(2 / 3)


def test_what_is_not_defined_is_not_told() -> None:
    nobody, zeros = np.zeros(2, dtype=np.bool_), np.zeros(2)

    assert recall_bounds(zeros, zeros, nobody) == HelpedBounds()
    assert precision_bounds(zeros, zeros, nobody) == HelpedBounds()
