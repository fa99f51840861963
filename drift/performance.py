"""How well the champion does: measured once outcomes are known, estimated before.

The estimate reads the calibrated scores as what they claim to be, probabilities. Of the students
scored 0.7, seventy in a hundred are expected to be at risk; so flagging them is expected to find
seventy. It follows a change in **who** is scored. It cannot see a change in what indicators
**mean** (the same indicators, another risk): only outcomes tell that, and the measured calibration
error says how far the estimate can be believed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from model.figures import auc, calibration_error

Floats = NDArray[np.float64]

NORMAL_95 = 1.959963984540054


def estimated_performance(scores: Floats, threshold: float) -> dict[str, float]:
    """What to expect at the operating threshold, from calibrated scores alone.

    Args:
        scores: shape (n,), probabilities, n ≥ 1.
        threshold: at or above it a student is flagged.

    Returns:
        `prevalence`, `flagged` (shares), `recall` with the bounds `recall_low` and `recall_high` of
        its 95 % interval, `precision`, `brier`, and `n`. Recall is left out when nobody is expected
        at risk, precision when nobody is flagged.

    Source: confidence-based performance estimation (Kivimäki et al. 2024, "Confidence-based
    estimators for predictive performance in model monitoring"); the interval is the delta method on
    a ratio of sums of independent Bernoulli variables.

    >>> round(estimated_performance(np.array([0.9, 0.6, 0.3]), 0.5)["recall"], 4)
    0.8333
    """
    flagged = scores >= threshold
    found, missed = float(scores[flagged].sum()), float(scores[~flagged].sum())
    estimate = {
        "n": float(scores.size),
        "prevalence": float(scores.mean()),
        "flagged": float(flagged.mean()),
        "brier": float(np.mean(scores * (1 - scores))),
    }
    if found + missed > 0:
        half = NORMAL_95 * _recall_deviation(scores, flagged)
        recall = found / (found + missed)
        estimate |= {
            "recall": recall,
            "recall_low": max(0.0, recall - half),
            "recall_high": min(1.0, recall + half),
        }
    if flagged.any():
        estimate["precision"] = found / float(flagged.sum())
    return estimate


def realised_performance(outcomes: Floats, scores: Floats, threshold: float) -> dict[str, float]:
    """What the champion did on records whose outcomes have come in.

    Args:
        outcomes: shape (n,), 1.0 at risk and 0.0 not, n ≥ 1.
        scores: shape (n,), what the champion said of them.
        threshold: at or above it a student is flagged.

    Returns:
        As `estimated_performance`, without the interval, and `calibration_error`, `auc`. What is
        undefined (recall without a positive, say) is left out.
    """
    at_risk = outcomes > 0.5
    flagged = scores >= threshold
    found = float((at_risk & flagged).sum())
    measured = {
        "n": float(scores.size),
        "positives": float(at_risk.sum()),
        "prevalence": float(at_risk.mean()),
        "flagged": float(flagged.mean()),
        "brier": float(np.mean((scores - outcomes) ** 2)),
        "calibration_error": calibration_error(outcomes, scores),
    }
    if at_risk.any():
        measured["recall"] = found / float(at_risk.sum())
    if flagged.any():
        measured["precision"] = found / float(flagged.sum())
    if at_risk.any() and not at_risk.all():
        measured["auc"] = auc(outcomes, scores)
    return measured


def disagreements(realised: Mapping[str, float], trained: Mapping[str, float]) -> tuple[str, ...]:
    """Sentences on what is clearly worse now than when the version was made.

    Worse means by more than two standard errors of the recall measured now, and five points.

    >>> disagreements({"recall": 0.5, "positives": 400}, {"recall": 0.75})
    ('recall is 0.500 on outcomes that came in since, 0.750 when the model was made',)
    """
    now, then = realised.get("recall"), trained.get("recall")
    if now is None or then is None:
        return ()
    noise = 2 * (now * (1 - now) / max(realised["positives"], 1.0)) ** 0.5
    if then - now <= max(noise, 0.05):
        return ()
    return (
        f"recall is {now:.3f} on outcomes that came in since, {then:.3f} when the model was made",
    )


def _recall_deviation(scores: Floats, flagged: NDArray[np.bool_]) -> float:
    """Standard deviation of found / (found + missed), each a sum of independent Bernoullis."""
    found, missed = scores[flagged].sum(), scores[~flagged].sum()
    spread = scores * (1 - scores)
    variance = missed**2 * spread[flagged].sum() + found**2 * spread[~flagged].sum()
    return float(np.sqrt(variance) / (found + missed) ** 2)
