"""How many bins a sample can carry when scores are held against frequencies."""

from __future__ import annotations

from retraining.ranking import Floats
from training import metrics

RECORDS_A_BIN = 50


def calibration_error(outcome: Floats, scores: Floats) -> float:
    """Expected calibration error with fewer bins on small samples.

    A bin of 20 records is off by 0.09 by chance alone, so a perfect model would fail a limit of 0.1
    on a small school with the usual ten bins.

    Args:
        outcome: shape (n,), 1.0 at risk.
        scores: shape (n,), calibrated risk in [0, 1].
    """
    bins = max(1, min(metrics.BINS, len(scores) // RECORDS_A_BIN))
    return metrics.calibration_error(outcome, scores, bins)
