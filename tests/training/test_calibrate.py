from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from model.calibration import Calibration
from model.errors import BundleError
from model.figures import auc, calibration_error
from training.calibrate import calibrate, isotonic, sigmoid


def _overconfident(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    random = np.random.default_rng(0)
    logit = random.normal(0, 1.5, n)
    outcome = (random.random(n) < 1 / (1 + np.exp(-logit))).astype(np.float64)
    return outcome, 3 * logit + 2


def test_few_records_get_a_sigmoid_and_many_get_isotonic_regression() -> None:
    assert calibrate(*_overconfident(600)).method == "sigmoid"
    assert calibrate(*_overconfident(6000)).method == "isotonic_bounded"


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


def _calibrated(n: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    random = np.random.default_rng(seed)
    logit = random.normal(0, 1.5, n)
    return (random.random(n) < 1 / (1 + np.exp(-logit))).astype(np.float64), logit


@pytest.mark.parametrize("margin", [-6.0, 6.0])
def test_a_margin_beyond_the_data_gets_a_score_of_the_order_of_the_truth(margin: float) -> None:
    truth = 1 / (1 + np.exp(-margin))

    made = [isotonic(*_calibrated(4000, seed)) for seed in range(30)]

    off = np.array([c.logit_one(margin) - np.log(truth / (1 - truth)) for c in made])
    assert np.sqrt((off**2).mean()) < 1.5
    # Log-odds too extreme by 1.4 are four times too sure.
    beyond = off * np.sign(margin)
    assert (beyond > 1.4).mean() <= 0.05 and beyond.max() < 2.5


def test_a_tail_never_passes_what_the_records_of_the_end_block_could_deny() -> None:
    outcome, margins = _calibrated(4000, 3)

    made = isotonic(outcome, margins)

    assert made.tails is not None
    lowest = margins < made.tails[0].margin
    assert made.score_one(-1e9) > 0.001 / (2 * lowest.sum() + 1)
    assert made.score_one(1e300) < 1.0 and np.isfinite(made.score(np.array([-1e308, 1e308]))).all()


def test_the_ranking_stays_strict_far_beyond_the_data() -> None:
    made = isotonic(*_calibrated(4000, 3))
    margins = np.concatenate([-np.logspace(5, 0, 400), np.logspace(0, 5, 400)])

    assert (np.diff(made.score(margins)) > 0).all()


@pytest.mark.parametrize("base", [-40.0, -3.0, 0.4, 9.0])
def test_reasons_add_up_to_the_log_odds_in_the_tails_too(base: float) -> None:
    made = isotonic(*_calibrated(4000, 3))

    for parts in (np.array([-9.0, 2.0]), np.array([30.0, -1.0]), np.array([4.0, -4.0])):
        moved, new_base = made.contributions(parts, base)
        score = made.score_one(base + float(parts.sum()))
        assert new_base + moved.sum() == pytest.approx(np.log(score / (1 - score)), abs=1e-6)


def test_small_blocks_do_not_hide_the_large_ones_behind_them() -> None:
    # Two records at the far left, one at risk, before two thousand of whom few are.
    margins = np.concatenate([[-9.0, -8.9], np.linspace(-4, 4, 4000)])
    random = np.random.default_rng(1)
    risk = np.concatenate([[0.0, 0.0], 1 / (1 + np.exp(-np.linspace(-4, 4, 4000)))])
    outcome = (random.random(4002) < risk).astype(np.float64)
    outcome[0] = 1.0

    made = isotonic(outcome, margins)

    assert made.score_one(-3.0) == pytest.approx(1 / (1 + np.exp(3.0)), abs=0.03)


def test_a_calibration_of_before_is_read_and_scores_as_it_did() -> None:
    spec = {
        "method": "isotonic",
        "margins": [-2.0, 0.0, 1.0],
        "logits": [-3.0, 0.0, 0.5],
        "slopes": [1.5, 0.5, 2.0],
    }

    made = Calibration.from_spec(spec)

    assert made.spec() == spec
    logits = [-9.0, -3.0, -1.5, 0.25, 0.5, 8.5]
    scores = made.score(np.array([-6.0, -2.0, -1.0, 0.5, 1.0, 5.0]))
    assert scores == pytest.approx(1 / (1 + np.exp(-np.array(logits))), rel=1e-12)
    assert [made.logit_one(m) for m in (-6.0, 5.0)] == [-9.0, 8.5]


def test_a_bundle_of_an_unknown_calibration_or_of_one_without_its_tails_is_refused() -> None:
    spec = isotonic(*_overconfident(3000)).spec()

    with pytest.raises(BundleError, match="'spline' is not known"):
        Calibration.from_spec({**spec, "method": "spline"})
    for broken in ([], spec["tails"][:1], [{"margin": 1.0}] * 2, None):
        with pytest.raises(BundleError, match="not readable"):
            Calibration.from_spec({**spec, "tails": broken})
