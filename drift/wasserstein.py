"""Wasserstein distance: how far have the values of a number moved, in standard deviations?"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from drift.contract import About, DriftExample, DriftResult, NumericTest, Said
from drift.permutation import dealt_anew, p_value
from model.profile import NumericProfile

Array = NDArray[np.float64]


class Wasserstein(NumericTest):
    """The area between two distribution functions: the mean way from a value to its new place.

    It is exact where the reference kept all its values. Where it keeps some, the values of both
    sides that lie between two kept ones count at the middle of the two.

    The p-value is that of dealing the records anew. Divided by the reference's standard deviation
    the distance is the effect; a mere move of all values has the effect of Cohen's d, hence the
    limit. A constant reference has no deviation; that of both sides together is then taken.

    Source: Ramdas, Trillos, Cuturi (2017), "On Wasserstein two-sample testing"; Cohen (1988),
    "Statistical power analysis", on 0.2 as a small effect.
    """

    about = About(
        name="wasserstein",
        label=Said("Wasserstein", "Wasserstein"),
        sentence=Said(
            "Wasserstein distance, by permutation: how far have the values moved?",
            "distância de Wasserstein, por permutação: quanto os valores se deslocaram?",
        ),
        effect=Said(
            "distance in standard deviations of the reference",
            "distância em desvios padrão da referência",
        ),
        limit=0.2,
        alarming=DriftExample(tuple(range(60)), tuple(range(30, 90))),
        quiet=DriftExample(tuple(range(60)), tuple(range(1, 61))),
    )

    def compare(self, reference: NumericProfile, current: NumericProfile, seed: int) -> DriftResult:
        """The distance between two numeric profiles, both with values.

        >>> from model.profile import profile_numbers
        >>> low = profile_numbers([float(i) for i in range(50)], missing=0)
        >>> high = profile_numbers([float(i + 5) for i in range(50)], missing=0)
        >>> Wasserstein().compare(low, high, seed=0).statistic
        5.0
        """
        at, counts = on_common_values(reference, current)
        distance = float(scipy.stats.wasserstein_distance(at, at, counts[0], counts[1]))
        deviation = _deviation(at, counts[0]) or _deviation(at, counts.sum(axis=0))
        by_chance = _distances(at, dealt_anew(counts, seed))
        return self.found(
            distance, p_value(distance, by_chance), distance / deviation if deviation else 0.0
        )


def on_common_values(reference: NumericProfile, current: NumericProfile) -> tuple[Array, Array]:
    """The values of either profile, ascending, shape (k,), and how often each has them, (2, k).

    >>> from model.profile import profile_numbers
    >>> then = NumericProfile(4, 0, (1.0, 9.0), (0, 3), (1, 4))
    >>> at, counts = on_common_values(then, profile_numbers([0.0, 1.0, 6.0], missing=0))
    >>> at.tolist(), counts.tolist()
    ([0.0, 1.0, 5.0, 9.0], [[0.0, 1.0, 2.0, 1.0], [1.0, 1.0, 1.0, 0.0]])
    """
    kept, seen = np.asarray(reference.values), np.asarray(current.values)
    below, upto = np.asarray(reference.below), np.asarray(reference.upto)
    between = below - np.concatenate([[0], upto[:-1]])
    middle = (kept + np.concatenate([kept[:1], kept[:-1]])) / 2.0
    above = np.minimum(np.searchsorted(kept, seen), kept.size - 1)
    moved = np.where((seen < kept[above]) & (between[above] > 0), middle[above], seen)
    at = np.unique(np.concatenate([kept, middle, moved]))
    counts = np.zeros((2, at.size))
    np.add.at(counts[0], np.searchsorted(at, kept), upto - below)
    np.add.at(counts[0], np.searchsorted(at, middle), between)
    np.add.at(counts[1], np.searchsorted(at, moved), np.diff(np.asarray(current.upto), prepend=0))
    used = counts.any(axis=0)
    return at[used], counts[:, used]


def _distances(at: Array, counts: Array) -> Array:
    """SciPy's distance for all of n tables (n, 2, k) at once."""
    upto = np.cumsum(counts / counts.sum(axis=-1, keepdims=True), axis=-1)
    gaps: Array = np.abs(upto[:, 0, :-1] - upto[:, 1, :-1]) @ np.diff(at)
    return gaps


def _deviation(at: Array, counts: Array) -> float:
    mean = np.average(at, weights=counts)
    return float(np.sqrt(np.average((at - mean) ** 2, weights=counts)))
