"""Evidence that every guard passes under the default policy; examples change one thing of it."""

from __future__ import annotations

from dataclasses import replace

from retraining.promotion.evidence import (
    BinaryEvidence,
    Contrast,
    Gain,
    GroupRecall,
    Scorecard,
)
from retraining.promotion.numeric import NumericCard, NumericEvidence

_CHALLENGER = Scorecard(
    version="v2",
    recall_at_budget=0.80,
    precision_at_budget=0.80,
    auc=0.90,
    average_precision=0.85,
    brier=0.10,
    calibration_error=0.05,
    threshold=0.5,
    recall=0.80,
    precision=0.80,
    flagged=0.25,
    distinct=300,
)

SUCCESSOR = BinaryEvidence(
    rows=400,
    students=390,
    positives=100,
    periods=("2023",),
    flagged=100,
    challenger_scored="out_of_fold",
    resamples=2000,
    seed=0,
    same_model=False,
    challenger=_CHALLENGER,
    champion=replace(_CHALLENGER, version="v1", recall_at_budget=0.75, auc=0.88),
    gains=(
        Gain("recall_at_budget", 0.75, 0.80, 0.05, 0.02, 0.08, 0.0, 0.99),
        Gain("recall_around_budget", 0.75, 0.80, 0.05, 0.02, 0.08, 0.005, 0.99),
    ),
    source="within_both",
    precision=Contrast(0.80, 0.79, 0.02),
)
FIRST = replace(SUCCESSOR, champion=None, gains=(), precision=Contrast(0.80, 0.25, 0.04))
RECALIBRATION = replace(
    SUCCESSOR,
    challenger_scored="recalibrated",
    gains=(
        Gain("calibration_error", 0.15, 0.03, 0.12, 0.08, 0.16, 0.0, 0.99),
        Gain("log_loss", 0.55, 0.45, 0.10, 0.05, 0.15, 0.0, 0.99),
        Gain("brier", 0.15, 0.12, 0.03, 0.01, 0.05, 0.0, 0.99),
    ),
    precision=None,
    recalibration=True,
)

NUMERIC_SUCCESSOR = NumericEvidence(
    rows=400,
    students=390,
    periods=("2023",),
    challenger_scored="out_of_fold",
    resamples=2000,
    seed=0,
    same_model=False,
    challenger=NumericCard("v2", mae=4.0, rmse=5.0, r2=0.6),
    champion=NumericCard("v1", mae=5.0, rmse=6.0, r2=0.4),
    gain=0.2,
    low=0.1,
    high=0.3,
    margin=0.01,
    confidence=0.99,
    baselines={},
)
NUMERIC_FIRST = replace(
    NUMERIC_SUCCESSOR, champion=None, gain=None, low=None, high=None, confidence=None
)


def with_challenger(evidence: BinaryEvidence, **changed: float) -> BinaryEvidence:
    """The evidence with other figures of the challenger."""
    return replace(evidence, challenger=replace(evidence.challenger, **changed))  # type: ignore[arg-type]


def with_gain(metric: str, **changed: float) -> BinaryEvidence:
    """A successor's evidence with another gain in one metric."""
    return _regained(SUCCESSOR, metric, changed)


def with_recalibration(metric: str, **changed: float) -> BinaryEvidence:
    """A recalibration's evidence with another gain in one metric."""
    return _regained(RECALIBRATION, metric, changed)


def _regained(evidence: BinaryEvidence, metric: str, changed: dict[str, float]) -> BinaryEvidence:
    gains = (
        replace(g, **changed) if g.metric == metric else g  # type: ignore[arg-type]
        for g in evidence.gains
    )
    return replace(evidence, gains=tuple(gains))


def with_groups(attribute: str, **recall: float) -> BinaryEvidence:
    """A successor's evidence with groups that the champion treats alike."""
    groups = (
        GroupRecall(attribute, name, 200, 80, False, 0.75, share, None, None, 0.25)
        for name, share in recall.items()
    )
    return replace(SUCCESSOR, groups=tuple(groups))
