from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.studies.risk_interval import SHAPES, coverage
from tests.studies.status_precision import World
from training.risk_interval import FEWEST, risk_interval


@pytest.mark.parametrize("shape", SHAPES)
def test_the_interval_holds_the_true_risk_of_nine_students_in_ten(shape: str) -> None:
    found = coverage(World(0.46, 0.6), SHAPES[shape], 765, worlds=20, seed=0)

    assert found.held > 0.9
    assert 0.1 < found.width < 0.25


@given(st.floats(0, 1), st.integers(FEWEST, 200))
def test_the_interval_holds_the_score_and_stays_between_nothing_and_everything(
    score: float, records: int
) -> None:
    random = np.random.default_rng(records)
    scores = random.random(records)

    made = risk_interval((random.random(records) < scores).astype(float), scores)

    assert made is not None
    low, high = made.around(score)
    assert 0 <= low <= score <= high <= 1
    assert list(made.scores) == sorted(set(made.scores))


def test_more_records_make_it_narrower() -> None:
    random = np.random.default_rng(0)
    widths = []
    for records in (100, 500, 3000):
        scores = random.random(records)
        made = risk_interval((random.random(records) < scores).astype(float), scores)
        assert made is not None
        low, high = made.around(0.5)
        widths.append(high - low)

    assert widths == sorted(widths, reverse=True)


def test_too_few_records_say_nothing() -> None:
    assert risk_interval(np.ones(FEWEST - 1), np.linspace(0, 1, FEWEST - 1)) is None


def test_equal_scores_are_one_knot() -> None:
    made = risk_interval(np.array([0.0, 1.0] * 50), np.full(100, 0.5))

    assert made is not None
    assert made.scores == (0.5,)
    assert made.around(0.5) == pytest.approx((0.3, 0.7), abs=0.15)
