"""What the help did for those who were helped because the lot gave them a place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from model.helping.effect import UNKNOWN, EffectSize
from retraining.helping.tables import Floats, Mask

NOTHING = 1e-9
"""A place that got so many more students helped got nobody helped: sums of floats differ."""


@dataclass(frozen=True, slots=True)
class _Moments:
    """Sums over strata of what winners have beyond their expectation, with their variances."""

    outcome: float = 0.0
    help: float = 0.0
    outcome_variance: float = 0.0
    help_variance: float = 0.0
    covariance: float = 0.0


def complier_effect(
    strata: NDArray[np.intp], placed: Mask, outcome: Floats, helped: Mask, level: float = 0.95
) -> EffectSize:
    """How much the help changed the outcome of those whom a place got it; unknown without any.

    The ratio of both differences between winners and others. It says what the help does if a place
    works through the help alone, and nobody is helped less for having won. The interval holds every
    effect that, taken off those who were helped, leaves nothing that the lots do not explain; it is
    right however few a place got to be helped, and then wide. It is cut off at ±1.

    Args:
        strata: shape (n,), from 0 on; those with one side only do not count.
        placed: shape (n,), who won.
        outcome: shape (n,).
        helped: shape (n,).
        level: of the interval.

    Source: Angrist, Imbens and Rubin (1996), Identification of causal effects using instrumental
    variables; Imbens and Rosenbaum (2005), Robust, accurate confidence intervals with a weak
    instrument. The set is Anderson and Rubin's (1949), solved as Fieller's (1954).

    >>> won, zeros = np.array([True, True, False, False] * 20), np.zeros(80, int)
    >>> outcome = np.array([0.0, 1.0, 1.0, 1.0] * 20)
    >>> complier_effect(zeros, won, outcome, won).value
    -0.5
    """
    found = _moments(strata, placed, outcome, helped.astype(np.float64))
    if abs(found.help) < NOTHING:
        return UNKNOWN
    low, high = _solved(found, float(norm.ppf((1 + level) / 2)) ** 2)
    value = min(1.0, max(-1.0, found.outcome / found.help))
    return EffectSize(value, min(low, value), max(high, value))


def _moments(strata: NDArray[np.intp], placed: Mask, outcome: Floats, helped: Floats) -> _Moments:
    sums = np.zeros(5)
    for stratum in np.unique(strata):
        inside = strata == stratum
        won = placed[inside]
        n, winners = len(won), int(won.sum())
        if not 0 < winners < n:
            continue
        y, d = outcome[inside], helped[inside]
        variances = np.cov(y, d) * winners * (n - winners) / n
        sums += (
            y[won].sum() - winners * y.mean(),
            d[won].sum() - winners * d.mean(),
            variances[0, 0],
            variances[1, 1],
            variances[0, 1],
        )
    return _Moments(*sums.tolist())


def _solved(found: _Moments, limit: float) -> tuple[float, float]:
    """The ends of {b: (outcome - b help)² ≤ limit variance(b)}, within -1 and 1."""
    square = found.help**2 - limit * found.help_variance
    linear = -2 * (found.outcome * found.help - limit * found.covariance)
    constant = found.outcome**2 - limit * found.outcome_variance
    under = linear**2 - 4 * square * constant
    if square <= 0 or under < 0:
        # A place hardly changed who was helped: no effect is excluded on at least one side.
        return -1.0, 1.0
    middle, reach = -linear / (2 * square), float(np.sqrt(under)) / (2 * square)
    return max(-1.0, middle - reach), min(1.0, middle + reach)
