from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from model.calibration import Calibration
from model.errors import BundleError
from training.calibrate import calibrate, isotonic, sigmoid
from training.metrics import auc, calibration_error


def _overconfident(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    random = np.random.default_rng(0)
    logit = random.normal(0, 1.5, n)
    outcome = (random.random(n) < 1 / (1 + np.exp(-logit))).astype(np.float64)
    return outcome, 3 * logit + 2


def test_few_records_get_a_sigmoid_and_many_get_isotonic_regression() -> None:
    assert calibrate(*_overconfident(600)).method == "sigmoid"
    assert calibrate(*_overconfident(6000)).method == "isotonic"


@pytest.mark.parametrize("method", [sigmoid, isotonic])
def test_calibration_finds_the_probabilities_and_keeps_the_ranking(method: object) -> None:
    outcome, margins = _overconfident(6000)
    assert callable(method)

    made: Calibration = method(outcome, margins)

    scores = made.score(margins)
    assert calibration_error(outcome, scores) < 0.02
    order = np.argsort(margins)
    assert (np.diff(scores[order]) >= 0).all()
    assert auc(outcome, scores) == pytest.approx(auc(outcome, margins), abs=1e-9)


@pytest.mark.parametrize("method", [sigmoid, isotonic])
def test_one_margin_and_many_get_the_same_score_and_the_parts_add_up(method: object) -> None:
    assert callable(method)
    made: Calibration = method(*_overconfident(3000))
    margins = np.linspace(-30, 30, 301)

    assert np.allclose(made.score(margins), [made.score_one(m) for m in margins], atol=1e-12)
    for parts in (np.array([1.0, -3.0, 0.5]), np.zeros(3), np.array([5.0, -5.0, 0.0])):
        moved, base = made.contributions(parts, 0.7)
        assert base + moved.sum() == pytest.approx(made.logit_one(0.7 + parts.sum()), abs=1e-9)


def test_a_margin_that_separates_the_classes_still_gives_finite_scores() -> None:
    outcome = np.array([0.0] * 20 + [1.0] * 20)

    made = sigmoid(outcome, np.arange(40.0))

    scores = made.score(np.array([-1e6, 0.0, 39.0, 1e6]))
    assert np.isfinite(scores).all()
    assert scores[1] < 0.1 < 0.9 < scores[2]


def test_a_calibration_reads_back_from_its_description() -> None:
    made = isotonic(*_overconfident(3000))

    assert Calibration.from_spec(made.spec()) == made
    with pytest.raises(BundleError, match="not readable"):
        Calibration.from_spec({"method": "sigmoid"})
