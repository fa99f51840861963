"""Page-Hinkley on the errors of outcomes in the order in which they came."""

from __future__ import annotations

import numpy as np
import pytest

from drift.performance.page_hinkley import (
    LEVEL,
    ErrorRise,
    excess_errors,
    page_hinkley,
    rise_sentence,
)


def days_of(n: int, each: int) -> list[str]:
    return [f"2026-{1 + i // each // 28:02}-{1 + i // each % 28:02}" for i in range(n)]


def outcomes_of(
    scores: np.ndarray[tuple[int, ...], np.dtype[np.float64]], seed: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return (np.random.default_rng(seed).random(len(scores)) < scores).astype(np.float64)


def test_equal_scores_are_told_of_no_more_often_than_the_level_says() -> None:
    alarms = 0
    for seed in range(1000):
        scores = np.random.default_rng([seed, 1]).beta(1, 3, 300)
        found = page_hinkley(excess_errors(outcomes_of(scores, seed), scores), days_of(300, 3))
        assert found is not None
        alarms += found.p_value <= LEVEL
    assert alarms <= 1000 * LEVEL + 3 * np.sqrt(1000 * LEVEL)


def test_it_says_from_which_day_on_outcomes_disagree_with_the_scores() -> None:
    scores = np.random.default_rng(0).beta(1, 3, 600)
    other = np.concatenate([scores[:400], 1 - scores[400:]])
    outcomes, days = outcomes_of(other, 3), days_of(600, 5)

    found = page_hinkley(excess_errors(outcomes, scores), days)

    assert found is not None and found.told
    assert abs(days.index(found.since) - 400) <= 20
    assert abs(found.before) < 0.05 < found.after
    shuffled = np.random.default_rng(1).permutation(600)
    again = page_hinkley(excess_errors(outcomes, scores)[shuffled], [days[i] for i in shuffled])
    assert again is not None and again.since == found.since, "the days are the order"


def test_a_year_of_harder_records_and_a_fall_of_errors_are_no_rise() -> None:
    easy, hard = np.full(300, 0.02), np.full(300, 0.5)
    for scores in (np.concatenate([easy, hard]), np.concatenate([hard, easy])):
        found = page_hinkley(excess_errors(outcomes_of(scores, 5), scores), days_of(600, 5))
        assert found is not None and not found.told
    scores = np.random.default_rng(0).beta(1, 3, 600)
    better = np.concatenate([1 - scores[:300], scores[300:]])
    found = page_hinkley(excess_errors(outcomes_of(better, 3), scores), days_of(600, 5))
    assert found is not None and not found.told


@pytest.mark.parametrize(
    ("n", "each"), [(0, 1), (49, 1), (400, 400), (400, 100)], ids=["none", "few", "a day", "days"]
)
def test_few_outcomes_or_days_have_no_order_to_speak_of(n: int, each: int) -> None:
    assert page_hinkley(np.arange(float(n)), days_of(n, each)) is None


def test_neither_side_of_what_is_told_is_of_fewer_than_ten() -> None:
    errors = np.concatenate([np.random.default_rng(0).normal(size=95) * 0.01, np.full(5, 5.0)])

    found = page_hinkley(errors, days_of(100, 1))

    assert found is not None
    assert found.since <= days_of(100, 1)[90]
    assert "have risen since 2026-05-04" in rise_sentence(
        ErrorRise(320, "2026-05-04", 0.0, 0.1, 0.001)
    )
