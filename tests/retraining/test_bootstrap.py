from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from retraining.promotion.bootstrap import Metric, once, paired_resamples, scored
from retraining.promotion.drawing import StudentGroups, draws, student_weights
from retraining.promotion.ranking import Floats, Ties
from tests.backwards import Backwards
from training import metrics


@pytest.fixture
def sample() -> tuple[Floats, Floats]:
    rng = np.random.default_rng(1)
    outcome = (rng.random(400) < 0.4).astype(np.float64)
    scores = np.round(1 / (1 + np.exp(-(1.5 * outcome - 1 + rng.normal(size=400)))), 2)
    return outcome, scores


def test_figures_of_the_sample_itself_agree_with_scikit_learn(
    sample: tuple[Floats, Floats],
) -> None:
    outcome, scores = sample

    recall, around, precision, auc, average, brier = once(scored(scores, outcome, Ties.FAIR), 0.3)

    assert recall == pytest.approx(metrics.recall_at(outcome, scores, 0.3))
    assert around == pytest.approx(
        np.mean([metrics.recall_at(outcome, scores, s) for s in (0.24, 0.27, 0.3, 0.33, 0.36)])
    )
    assert precision == pytest.approx(recall * outcome.sum() / (0.3 * 400))
    assert auc == pytest.approx(roc_auc_score(outcome, scores))
    assert average == pytest.approx(average_precision_score(outcome, scores))
    assert brier == pytest.approx(brier_score_loss(outcome, scores))


def test_figures_under_weights_are_those_of_the_repeated_records(
    sample: tuple[Floats, Floats],
) -> None:
    outcome, scores = sample
    model = scored(scores, outcome, Ties.FAIR)
    weights = next(student_weights(np.arange(400).astype(np.str_), 3, seed=4))

    read = model.read(weights, 0.3, tuple(Metric))

    for row in range(3):
        drawn = np.repeat(np.arange(400), weights[row])
        y, s = outcome[drawn], scores[drawn]
        expected = [
            metrics.recall_at(y, s, 0.3),
            np.mean([metrics.recall_at(y, s, b) for b in (0.24, 0.27, 0.3, 0.33, 0.36)]),
            metrics.recall_at(y, s, 0.3) * y.sum() / (0.3 * len(y)),
            roc_auc_score(y, s),
            average_precision_score(y, s),
            brier_score_loss(y, s),
        ]
        assert read[:, row] == pytest.approx(expected)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.46, 0.9, 1.0])
@pytest.mark.parametrize("ties", list(Ties))
def test_the_part_of_the_curve_near_the_budget_reads_as_the_whole_of_it(
    sample: tuple[Floats, Floats], share: float, ties: Ties
) -> None:
    outcome, scores = sample
    model = scored(scores, outcome, ties)
    weights = next(student_weights(np.arange(400).astype(np.str_), 200, seed=4))

    short = model.read(weights, share, [Metric.RECALL, Metric.RECALL_AROUND])
    whole = model.read(weights, share, [Metric.RECALL, Metric.RECALL_AROUND, Metric.AUC])

    assert (short == whole[:2]).all()


def test_ties_against_a_model_never_give_it_more_than_fair_ties(
    sample: tuple[Floats, Floats],
) -> None:
    outcome, scores = sample
    better = [Metric.RECALL, Metric.PRECISION, Metric.AUC, Metric.AVERAGE_PRECISION]

    fair = once(scored(scores, outcome, Ties.FAIR), 0.3, better)
    against = once(scored(scores, outcome, Ties.AGAINST), 0.3, better)

    assert (against < fair).all()


def test_a_resample_draws_students_with_all_their_records() -> None:
    students = np.array(["a", "b", "a", "c", "b", "a"])

    weights = np.concatenate(list(student_weights(students, 200, seed=0)))

    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 0] == weights[:, 5]).all()
    assert (weights[:, 1] == weights[:, 4]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert weights[:, 0].std() > 0


def test_chunks_add_up_to_the_resamples_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retraining.promotion.drawing.CELLS_AT_ONCE", 1000)

    chunks = list(student_weights(np.arange(300).astype(np.str_), 10, seed=0))

    assert [len(chunk) for chunk in chunks] == [3, 3, 3, 1]


def test_the_same_seed_draws_the_same_resamples_and_another_seed_others(
    sample: tuple[Floats, Floats],
) -> None:
    outcome, scores = sample
    models = {"one": scored(scores, outcome, Ties.FAIR)}
    students = np.arange(400).astype(np.str_)

    first, again, other = (
        paired_resamples(models, students, share=0.3, resamples=50, seed=seed)["one"]
        for seed in (7, 7, 8)
    )

    assert (first == again).all()
    assert (first != other).any()


def test_the_spread_of_the_auc_is_that_of_the_literature(sample: tuple[Floats, Floats]) -> None:
    outcome, scores = sample
    model = scored(scores, outcome, Ties.FAIR)
    students = np.arange(400).astype(np.str_)

    drawn = paired_resamples(
        {"m": model}, students, share=0.3, resamples=2000, seed=0, metrics=[Metric.AUC]
    )["m"][0]

    # Hanley and McNeil (1982), equation 1.
    area, positives = roc_auc_score(outcome, scores), outcome.sum()
    negatives = 400 - positives
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (
        area * (1 - area) + (positives - 1) * (q1 - area**2) + (negatives - 1) * (q2 - area**2)
    )
    assert drawn.std() == pytest.approx(np.sqrt(variance / positives / negatives), rel=0.15)


def test_chunks_can_be_drawn_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retraining.promotion.drawing.CELLS_AT_ONCE", 700)
    students = np.array([f"s{i // 2}" for i in range(100)])
    groups = StudentGroups.of(students)

    one_by_one = list(student_weights(students, 33, seed=5))
    apart = [groups.weights(draw) for draw in reversed(list(draws(groups, 33, seed=5)))][::-1]

    assert [len(chunk) for chunk in apart] == [7, 7, 7, 7, 5]
    assert np.array_equal(np.concatenate(apart), np.concatenate(one_by_one))


def test_models_are_read_on_the_same_resamples_wherever_that_is_done(
    sample: tuple[Floats, Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retraining.promotion.drawing.CELLS_AT_ONCE", 3000)
    outcome, scores = sample
    models = {
        "one": scored(scores, outcome, Ties.FAIR),
        "other": scored(1 - scores, outcome, Ties.FAIR),
    }
    students, pool = np.array([f"s{i // 2}" for i in range(400)]), Backwards()

    here = paired_resamples(models, students, share=0.3, resamples=33, seed=5)
    there = paired_resamples(models, students, share=0.3, resamples=33, seed=5, pool=pool)

    assert len(pool.asked) == 5
    assert list(there) == ["one", "other"]
    assert all(np.array_equal(there[name], here[name], equal_nan=True) for name in models)
