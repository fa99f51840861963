"""Wilcoxon's rank sum: do the values now lie above or below the former ones?"""

from __future__ import annotations

import math

import numpy as np
import scipy
from numpy.typing import NDArray

from drift.contract import About, DriftExample, DriftResult, NumericTest, Said
from model.profile import NumericProfile


class RankSum(NumericTest):
    """How much more often a value of now is larger than a former one than it is smaller.

    Of a shift by half a standard deviation it finds much more than Kolmogorov-Smirnov does, which
    looks for differences of any form; and marks, of which many are equal, cost it nothing. What
    leaves the middle where it was it cannot see.

    Values between two that the reference keeps count as equal, on both sides alike, so a thinned
    reference costs a little power and no level. The p-value is the normal one with correction for
    ties and continuity, as in `scipy.stats.mannwhitneyu(method="asymptotic")`.

    Source: Mann and Whitney (1947), "On a test of whether one of two random variables is
    stochastically larger than the other"; the effect is Cliff's delta (1993), "Dominance
    statistics".
    """

    about = About(
        name="rank_sum",
        label=Said("rank sum", "postos"),
        sentence=Said(
            "Wilcoxon's rank sum: do the values lie higher or lower?",
            "soma de postos de Wilcoxon: os valores estão mais altos ou mais baixos?",
        ),
        effect=Said(
            "share of pairs in which the value now is larger, minus the share in which it is "
            "smaller",
            "proporção de pares em que o valor de agora é maior, menos a em que é menor",
        ),
        limit=0.15,
        alarming=DriftExample(tuple(range(60)), tuple(range(20, 80))),
        quiet=DriftExample(tuple(range(60)), tuple(range(2, 62))),
    )

    def compare(self, reference: NumericProfile, current: NumericProfile, seed: int) -> DriftResult:
        """The difference between two numeric profiles; the statistic is the signed effect.

        >>> from model.profile import profile_numbers
        >>> low = profile_numbers([float(i) for i in range(60)], missing=0)
        >>> high = profile_numbers([float(i + 20) for i in range(60)], missing=0)
        >>> found = RankSum().compare(low, high, seed=0)
        >>> round(found.statistic, 4), round(found.p_value, 10)
        (0.5556, 1.452e-07)
        """
        former, now = _cells(reference, current)
        n, m = float(former.sum()), float(now.sum())
        under = np.cumsum(former) - former
        wins = float(now @ (under + former / 2))
        total = n + m
        ties = former + now
        spread = n * m / 12 * (total + 1 - float((ties**3 - ties).sum()) / (total * (total - 1)))
        dominance = 2 * wins / (n * m) - 1
        if spread <= 0:
            return self.found(dominance, 1.0, abs(dominance))
        z = max(abs(wins - n * m / 2) - 0.5, 0.0) / math.sqrt(spread)
        p_value = min(1.0, 2 * float(scipy.special.ndtr(-z)))
        return self.found(dominance, p_value, abs(dominance))


def _cells(
    reference: NumericProfile, current: NumericProfile
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Counts of both in the same ordered cells: each value the reference keeps, and between."""
    at, seen = np.asarray(reference.values), np.asarray(current.values)
    counted = np.concatenate([[0], np.asarray(current.upto)])
    sides = [
        (np.asarray(reference.below), np.asarray(reference.upto), reference.present),
        (
            counted[np.searchsorted(seen, at, side="left")],
            counted[np.searchsorted(seen, at, side="right")],
            current.present,
        ),
    ]
    former, now = (
        np.diff(np.concatenate([[0], np.column_stack([below, upto]).ravel(), [present]]))
        for below, upto, present in sides
    )
    return former.astype(np.float64), now.astype(np.float64)
