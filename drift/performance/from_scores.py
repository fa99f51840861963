"""What to expect of the champion from its scores alone, before outcomes come.

The estimate reads the calibrated scores as what they claim to be, probabilities. Of the students
scored 0.7, seventy in a hundred are expected to be at risk; so flagging them is expected to find
seventy. It follows a change in **who** is scored. It cannot see a change in what indicators
**mean** (the same indicators, another risk): only outcomes tell that, and the measured calibration
error says how far the estimate can be believed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NORMAL_95 = 1.959963984540054


def estimated_performance(scores: Floats, threshold: float | Floats) -> dict[str, float]:
    """What to expect at the operating threshold, from calibrated scores alone.

    Args:
        scores: shape (n,), probabilities, n ≥ 1.
        threshold: at or above it a student is flagged; one for all, or each one's own.

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


def _recall_deviation(scores: Floats, flagged: NDArray[np.bool_]) -> float:
    """Standard deviation of found / (found + missed), each a sum of independent Bernoullis."""
    found, missed = scores[flagged].sum(), scores[~flagged].sum()
    spread = scores * (1 - scores)
    variance = missed**2 * spread[flagged].sum() + found**2 * spread[~flagged].sum()
    return float(np.sqrt(variance) / (found + missed) ** 2)
