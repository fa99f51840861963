"""Evidence for recalibration: the champion's ranking as it is, with scores that mean more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from model.figures import bins_for
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.bootstrap import Metric
from retraining.promotion.cases import Answers, Cases
from retraining.promotion.comparison import RESAMPLES, compare
from retraining.promotion.drawing import student_weights
from retraining.promotion.evidence import BinaryEvidence, Gain
from retraining.promotion.ranking import Floats

CERTAIN = 1e-6
"""A score of 0 or 1 that turns out wrong counts as this far from it, and not as infinitely bad."""

Weighted = Callable[[Floats], Floats]
"""Weights of shape (b, n) in, the loss under each of them out, shape (b,)."""


def compare_recalibration(
    cases: Cases,
    recalibrated: Answers,
    champion: Answers,
    policy: PromotionPolicy,
    *,
    ranking_kept: bool,
    seed: int,
    resamples: int = RESAMPLES,
) -> BinaryEvidence:
    """Reads both calibrations on the same records; the ranking is the champion's in both.

    Args:
        cases: records that the champion's scorer did not learn from.
        recalibrated: scored by calibrations that did not see the record's student.
        champion: as it serves.
        policy: the confidence asked for.
        ranking_kept: whether the calibration to serve orders these records as the champion does.
        seed: draws the resamples.
        resamples: how many.
    """
    found = compare(
        cases, recalibrated, champion, policy,
        seed=seed, resamples=2, metrics=(Metric.BRIER,), challenger_scored="recalibrated",
    )  # fmt: skip
    assert found.champion is not None
    ranking = {
        name: getattr(found.champion, name)
        for name in ("recall_at_budget", "precision_at_budget", "auc", "average_precision")
    }
    return replace(
        found,
        resamples=resamples,
        recalibration=True,
        ranking_kept=ranking_kept,
        challenger=replace(found.challenger, **ranking),
        gains=_gains(cases, recalibrated.scores, champion.scores, seed, resamples),
        groups=(),
        baselines=(),
        precision=None,
    )


def _gains(
    cases: Cases, ours: Floats, theirs: Floats, seed: int, resamples: int
) -> tuple[Gain, ...]:
    losses = {
        name: (of(cases.outcome, ours), of(cases.outcome, theirs)) for name, of in LOSSES.items()
    }
    drawn: dict[str, list[Floats]] = {name: [] for name in losses}
    for weights in student_weights(cases.students, resamples, seed):
        heavy = weights.astype(np.float64)
        for name, (new, now) in losses.items():
            drawn[name].append(now(heavy) - new(heavy))
    once = np.ones((1, len(ours)))
    return tuple(
        _gain(name, float(now(once)[0]), float(new(once)[0]), np.concatenate(drawn[name]))
        for name, (new, now) in losses.items()
    )


def _gain(name: str, champion: float, challenger: float, resampled: Floats) -> Gain:
    low, high = np.quantile(resampled, (0.025, 0.975)).tolist()
    sure = float((resampled > 0).mean())
    return Gain(name, champion, challenger, champion - challenger, low, high, 0.0, sure)


def _mean_of(loss: Floats) -> Weighted:
    return lambda weights: weights @ loss / weights.sum(axis=1)


def log_loss(outcome: Floats, scores: Floats) -> Weighted:
    """Mean negative logarithm of the probability given to what happened."""
    kept = np.clip(scores, CERTAIN, 1 - CERTAIN)
    return _mean_of(-np.log(np.where(outcome == 1, kept, 1 - kept)))


def brier(outcome: Floats, scores: Floats) -> Weighted:
    """Mean squared difference of score and outcome."""
    return _mean_of(np.square(scores - outcome))


def binned_error(outcome: Floats, scores: Floats) -> Weighted:
    """`model.figures.calibration_error` under weights, in the bins of the records as they are."""
    parts = np.array_split(np.argsort(scores, kind="stable"), bins_for(len(scores)))
    off = np.zeros((len(scores), len(parts)))
    for number, part in enumerate(parts):
        off[part, number] = (outcome - scores)[part]
    return lambda weights: np.abs(weights @ off).sum(axis=1) / weights.sum(axis=1)


LOSSES: Mapping[str, Callable[[Floats, Floats], Weighted]] = {
    "calibration_error": binned_error,
    "log_loss": log_loss,
    "brier": brier,
}
"""What is compared, by its name in the evidence; less is better."""
