"""A gain of one way of training over another, paired over the folds of cross-validation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PairedGain:
    """The mean gain over the folds, and its standard error (infinite with fewer than two folds)."""

    mean: float
    error: float

    @property
    def clear(self) -> bool:
        """Whether it exceeds its standard error."""
        return self.mean > self.error


def paired_gain(usual: Array, other: Array, folds: int) -> PairedGain:
    """What `other` gains over `usual` on the same folds.

    The folds share training records, so their plain standard error is too small; the corrected
    resampled one is taken (Nadeau and Bengio 2003; Bouckaert and Frank 2004).

    Args:
        usual: objective on each fold, shape (repeats * folds,); NaN where it is not defined.
        other: the same.
        folds: folds of one repeat.

    >>> paired_gain(np.zeros(10), np.full(10, 0.01), 5).clear
    True
    >>> paired_gain(np.zeros(10), np.tile([0.06, -0.05], 5), 5).clear
    False
    """
    gain = other - usual
    gain = gain[~np.isnan(gain)]
    if len(gain) < 2:
        return PairedGain(float(gain.mean()) if len(gain) else 0.0, float("inf"))
    error = np.sqrt(gain.var(ddof=1) * (1.0 / len(gain) + 1.0 / (folds - 1)))
    return PairedGain(float(gain.mean()), float(error))
