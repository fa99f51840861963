"""What to expect of a batch of students before their outcomes come, and when not to say it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from drift.performance.held_out import CalibrationDoubt, disagreement_by_chance, doubt_of
from drift.performance.over_time import JudgedRecords
from model.drift import FeatureDrift
from model.figures import Share, calibration_error
from model.profile import SCORE
from model.risk_interval import HeldOutMap
from model.watch.expected import EstimatedFigures, Unsafe, UnsafeReason

Floats = NDArray[np.float64]

MOST_DRAWS, FEWEST_DRAWS = 1_000, 200
MOST_DRAWN = 20_000_000
"""Risks that are drawn: a thousand times 20,000 students, or fewer times more students."""
MOST_STUDENTS = 100_000
"""Of more, so many are drawn from: chance in their outcomes is a tenth of a point then."""
AT_ONCE = 2_000_000

FEWEST_STUDENTS = 50
FEWEST_EXPECTED = 10
"""At risk, and flagged: of fewer a share says nothing."""
LEAST_OVERLAP = {"ks": 0.5, "missingness": 0.5, "new_categories": 0.2}
"""Effect of a drift test at which a column is too unlike what was learned from: half of the values
lie elsewhere, half of the records lack it, a fifth have a category that nobody had."""
FEWEST_JUDGED = 30
MOST_BY_CHANCE = 0.01
"""Chance at which outcomes disagree with the scores; at most one look in a hundred is wrong."""
LEAST_ERROR = 0.05
"""A smaller calibration error is no reason, however sure it is."""


@dataclass(frozen=True, slots=True)
class ScoredBatch:
    """n students without outcomes.

    Attributes:
        scores: shape (n,), the champion's, n ≥ 1.
        cuts: shape (n,), where each is flagged.
        rows: shape (n, d), the records as the encoder makes them; None where they are not at hand.
    """

    scores: Floats
    cuts: Floats
    rows: Floats | None = None

    def some(self, seed: int) -> ScoredBatch:
        """As many of the students as are drawn from at most."""
        if len(self.scores) <= MOST_STUDENTS:
            return self
        drawn = np.random.default_rng(seed).permutation(len(self.scores))[:MOST_STUDENTS]
        rows = None if self.rows is None else self.rows[drawn]
        return ScoredBatch(self.scores[drawn], self.cuts[drawn], rows)


@dataclass(frozen=True, slots=True)
class ExpectedShares:
    """Figures to expect, each with the interval that the realised one lies in."""

    prevalence: Share
    recall: Share
    precision: Share
    auc: Share


def expected_figures(
    batch: ScoredBatch, known: HeldOutMap, judged: JudgedRecords | None,
    drifts: Iterable[FeatureDrift], *, version: str, period: str, now: datetime, seed: int,
) -> EstimatedFigures:  # fmt: skip
    """What is to be expected of a batch, and whether that may be relied on.

    Args:
        batch: its students.
        known: how outcomes followed the version's scores on records held out.
        judged: the newest outcomes of records that it did not learn from; None before any.
        drifts: how the batch differs from the training data.
        version: whose scores.
        period: of the students.
        now: aware UTC.
        seed: of what is drawn.
    """
    some = batch.some(seed)
    doubt = doubt_of(some.scores, known, some.rows)
    shares = expected_shares(some, doubt, seed=seed)
    return EstimatedFigures(
        key=f"{version} {period}",
        model_version=version,
        period=period,
        at=now,
        n=len(batch.scores),
        held_out=known.rows,
        prevalence=shares.prevalence,
        recall=shares.recall,
        precision=shares.precision,
        auc=shares.auc,
        flagged=float((batch.scores >= batch.cuts).mean()),
        withdrawn=(
            *too_few(some, doubt),
            *too_unlike(drifts),
            *miscalibrated(judged, known),
        ),
    )


def expected_shares(batch: ScoredBatch, doubt: CalibrationDoubt, *, seed: int) -> ExpectedShares:
    """Recall, precision, AUC and prevalence to expect, with the 95 % intervals of what will come.

    Risks are drawn as the records held out leave them possible, and from each the outcomes: so the
    interval holds the chance in the outcomes and the uncertainty of the calibration, which is wide
    where the students are unlike those held out. The figure itself is the mean.

    Args:
        batch: the students.
        doubt: of their risks.
        seed: of the draws.

    Source: confidence-based performance estimation (Kivimäki et al. 2024, "Confidence-based
    estimators for predictive performance in model monitoring"), its calibration drawn from the
    posterior of a logistic regression.
    """
    random = np.random.default_rng(seed)
    n = len(batch.scores)
    number = min(MOST_DRAWS, max(FEWEST_DRAWS, MOST_DRAWN // n))
    part = max(1, AT_ONCE // n)
    found = [
        _figures_drawn(batch, doubt.drawn(min(part, number - begun), random), random)
        for begun in range(0, number, part)
    ]
    drawn = np.concatenate(found, axis=1)
    return ExpectedShares(*(_share(figure) for figure in drawn))


def too_few(batch: ScoredBatch, doubt: CalibrationDoubt) -> list[Unsafe]:
    """Too few students, at risk or flagged, for a figure to say anything."""
    n, flagged = len(batch.scores), int((batch.scores >= batch.cuts).sum())
    at_risk = float(doubt.risks.sum())
    found = []
    if n < FEWEST_STUDENTS:
        found.append(Unsafe(UnsafeReason.FEW, n, FEWEST_STUDENTS))
    elif min(at_risk, flagged) < FEWEST_EXPECTED:
        found.append(Unsafe(UnsafeReason.FEW, round(min(at_risk, flagged)), FEWEST_EXPECTED))
    return found


def too_unlike(drifts: Iterable[FeatureDrift]) -> list[Unsafe]:
    """Columns in which the students hardly overlap with those that were learned from.

    >>> row = FeatureDrift("ieg", "ks", 0.6, 0.0, 0.0, 0.6, 0.1, 3.0, True, 0.0, 0.0)
    >>> too_unlike([row])[0].features
    ('ieg',)
    """
    worst: dict[str, tuple[float, float]] = {}
    for row in drifts:
        limit = LEAST_OVERLAP.get(row.test)
        if limit is not None and row.effect >= limit and row.feature != SCORE:
            worst[row.feature] = max(worst.get(row.feature, (0.0, 0.0)), (row.effect, limit))
    if not worst:
        return []
    names: Sequence[str] = sorted(worst, key=lambda name: (-worst[name][0], name))
    return [Unsafe(UnsafeReason.OVERLAP, *worst[names[0]], tuple(names))]


def miscalibrated(judged: JudgedRecords | None, known: HeldOutMap) -> list[Unsafe]:
    """The newest outcomes disagree with the scores by more than chance and five points."""
    if judged is None or len(judged) < FEWEST_JUDGED:
        return []
    newest = judged.newest
    doubt = doubt_of(newest.scores, known, newest.rows)
    error = calibration_error(newest.outcomes, newest.scores)
    by_chance = disagreement_by_chance(newest.outcomes, newest.scores, doubt)
    if by_chance > MOST_BY_CHANCE or error < LEAST_ERROR:
        return []
    return [Unsafe(UnsafeReason.CALIBRATION, error, LEAST_ERROR)]


def _figures_drawn(batch: ScoredBatch, risks: Floats, random: np.random.Generator) -> Floats:
    """Prevalence, recall, precision and AUC of outcomes drawn from m times n risks, shape (4, m).

    What is undefined is NaN.
    """
    n = len(batch.scores)
    outcomes = (random.random(risks.shape) < risks).astype(np.float64)
    flags = (batch.scores >= batch.cuts).astype(np.float64)
    _, place, counts = np.unique(batch.scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[place.ravel()]
    positives, caught = outcomes.sum(axis=1), outcomes @ flags
    with np.errstate(invalid="ignore", divide="ignore"):
        above = outcomes @ ranks - positives * (positives + 1) / 2
        return np.stack(
            [
                positives / n,
                caught / positives,
                caught / flags.sum(),
                above / (positives * (n - positives)),
            ]
        )


def _share(drawn: Floats) -> Share:
    defined = drawn[np.isfinite(drawn)]
    if not defined.size:
        return Share()
    low, high = np.quantile(defined, (0.025, 0.975))
    return Share(float(defined.mean()), float(low), float(high))
