"""Paired bootstrap of two models on the same records, drawing students and not rows.

Students, because two years of one student are not two witnesses. Paired, because both models are
read on each resample: what is uncertain is their difference, not each of them.

Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, ch. 6 and 8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from model.computing.pool import HERE, Pool
from preprocessing.lanes import Lanes
from retraining.promotion import resampled_metrics
from retraining.promotion.drawing import Draw, StudentGroups, draws
from retraining.promotion.ranking import Floats, Ranking, Ties, rank
from retraining.promotion.resampled_metrics import Weights


class Metric(StrEnum):
    """What is compared; for `BRIER` less is better, for the others more.

    `RECALL_AROUND` is the mean recall over budgets a fifth below to a fifth above. Which model is
    ahead it says with less chance in it than recall at one budget, which a few students decide.
    """

    RECALL = "recall_at_budget"
    RECALL_AROUND = "recall_around_budget"
    PRECISION = "precision_at_budget"
    AUC = "auc"
    AVERAGE_PRECISION = "average_precision"
    BRIER = "brier"


NEAR_BUDGET = {Metric.RECALL, Metric.RECALL_AROUND}
"""What can be read without the whole of the curve."""

AT_BUDGET = NEAR_BUDGET | {Metric.PRECISION}
"""What depends on who is flagged, and so on the lanes' budgets."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One model's answers on n records, sorted once.

    Attributes:
        scores: shape (n,), calibrated risk in [0, 1].
        outcome: shape (n,), 1.0 at risk.
        ranking: the records, first to be flagged first.
        whole: the records, highest score first, where lanes are filled in another order.
    """

    scores: Floats
    outcome: Floats
    ranking: Ranking
    whole: Ranking | None = None

    def read(self, weights: Weights, share: float, metrics: Sequence[Metric]) -> Floats:
        """The metrics under those weights, shape (len(metrics), b)."""
        if NEAR_BUDGET.issuperset(metrics):
            budgets = resampled_metrics.around(share)
            points = resampled_metrics.near(self.ranking, weights, budgets[0], budgets[-1])
        else:
            points = resampled_metrics.curve(self.ranking, weights)
        of_all = points
        if self.whole is not None and not AT_BUDGET.issuperset(metrics):
            of_all = resampled_metrics.curve(self.whole, weights)
        return np.stack(
            [self._one(m, points if m in AT_BUDGET else of_all, weights, share) for m in metrics]
        )

    def _one(
        self, metric: Metric, points: resampled_metrics.Curve, weights: Weights, share: float
    ) -> Floats:
        match metric:
            case Metric.RECALL:
                return resampled_metrics.recall(points, share)
            case Metric.RECALL_AROUND:
                return resampled_metrics.recall_around(points, share)
            case Metric.PRECISION:
                return resampled_metrics.precision(points, share)
            case Metric.AUC:
                return resampled_metrics.auc(points)
            case Metric.AVERAGE_PRECISION:
                return resampled_metrics.average_precision(points)
            case Metric.BRIER:
                return resampled_metrics.brier(self.scores, self.outcome, weights)


def scored(scores: Floats, outcome: Floats, ties: Ties, lanes: Lanes | None = None) -> Scored:
    """Sorts one model's answers; `lanes` are filled side by side, each to its own budget."""
    whole = rank(scores, outcome, ties)
    if lanes is None:
        return Scored(scores, outcome, whole)
    return Scored(scores, outcome, rank(lanes.order(scores), outcome, ties), whole)


def once(model: Scored, share: float, metrics: Sequence[Metric] = tuple(Metric)) -> Floats:
    """The metrics on the records as they are, shape (len(metrics),)."""
    every = np.ones((1, len(model.outcome)), dtype=np.int32)
    return model.read(every, share, metrics)[:, 0]


def paired_resamples(
    models: Mapping[str, Scored],
    students: NDArray[np.str_],
    *,
    share: float,
    resamples: int,
    seed: int,
    metrics: Sequence[Metric] = tuple(Metric),
    pool: Pool = HERE,
) -> Mapping[str, Floats]:
    """Reads every model on the same resamples.

    Args:
        models: name to answers on the same n records.
        students: shape (n,), who each record is about.
        share: share of the records that is flagged, the same for all models.
        resamples: how many resamples are drawn.
        seed: the same seed draws the same resamples.
        metrics: what is read.
        pool: reads the chunks that resamples are drawn in.

    Returns:
        name to shape (len(metrics), resamples).
    """
    asked = _PairedReading(
        tuple(models.values()), StudentGroups.of(students), share, tuple(metrics)
    )
    chunks = list(pool.each(_read, asked, draws(asked.groups, resamples, seed)))
    return dict(zip(models, np.concatenate(chunks, axis=2), strict=True))


@dataclass(frozen=True, slots=True)
class _PairedReading:
    """What is read on resamples; see `paired_resamples`."""

    models: tuple[Scored, ...]
    groups: StudentGroups
    share: float
    metrics: tuple[Metric, ...]


def _read(asked: _PairedReading, draw: Draw) -> Floats:
    """Every model's metrics on a chunk, shape (models, metrics, b)."""
    weights = asked.groups.weights(draw)
    return np.stack([model.read(weights, asked.share, asked.metrics) for model in asked.models])
