"""How far a challenger's figures may lie from the truth by chance: 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from model.figures import share_of
from preprocessing.lanes import lanes_of
from preprocessing.task.spec import TaskSpec
from retraining.promotion.bootstrap import Metric, paired_resamples, scored
from retraining.promotion.drawing import CELLS_AT_ONCE, student_weights
from retraining.promotion.ranking import Ties
from retraining.run.challenge import ScoredChallenger
from training.card.facts import Interval

Intervals = Mapping[str, Interval]

RESAMPLES = 1000
FEWEST_RESAMPLES = 100
"""Enough for a 95 % interval; on large windows, where it is narrow, there is time for no more."""


def risk_intervals(trial: ScoredChallenger, task: TaskSpec, seed: int) -> Intervals:
    """Of shares at the threshold (Wilson), and of figures of the ranking (bootstrap)."""
    return _wilson_intervals(trial) | _bootstrap_intervals(trial, task, seed)


def error_intervals(trial: ScoredChallenger, task: TaskSpec, seed: int) -> Intervals:
    """The mean absolute error's interval."""
    error = np.abs(trial.scores - trial.cases.outcome)
    chunks = student_weights(trial.cases.students, _resamples(len(error)), seed)
    return {"mae": _middle(np.concatenate([w @ error / w.sum(axis=1) for w in chunks]))}


def _wilson_intervals(trial: ScoredChallenger) -> dict[str, Interval]:
    outcome, flags = trial.cases.outcome, trial.flags
    caught, flagged = float(outcome[flags].sum()), float(flags.sum())
    shares = {
        "recall": share_of(caught, float(outcome.sum())),
        "precision": share_of(caught, flagged),
        "flagged": share_of(flagged, float(len(outcome))),
    }
    return {
        name: (found.low, found.high)
        for name, found in shares.items()
        if found.low is not None and found.high is not None
    }


def _bootstrap_intervals(trial: ScoredChallenger, task: TaskSpec, seed: int) -> dict[str, Interval]:
    outcome, students = trial.cases.outcome, trial.cases.students
    if not 0 < outcome.sum() < len(outcome):
        return {}
    lanes = lanes_of(trial.cases.records, task)
    metrics = (Metric.RECALL, Metric.AUC, Metric.AVERAGE_PRECISION, Metric.BRIER)
    drawn = paired_resamples(
        {"model": scored(trial.scores, outcome, Ties.FAIR, lanes)},
        students,
        share=task.promotion.budget or float(outcome.mean()),
        resamples=_resamples(len(outcome)),
        seed=seed,
        metrics=metrics,
    )["model"]
    return {metric.value: _middle(values) for metric, values in zip(metrics, drawn, strict=True)}


def _resamples(records: int) -> int:
    return max(FEWEST_RESAMPLES, min(RESAMPLES, 10 * CELLS_AT_ONCE // records))


def _middle(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Interval:
    low, high = np.nanquantile(values, (0.025, 0.975))
    return float(low), float(high)
