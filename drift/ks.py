"""Two-sample Kolmogorov-Smirnov: has the distribution of a number moved?"""

from __future__ import annotations

import numpy as np
import scipy

from drift.contract import About, DriftExample, DriftResult, NumericTest, Said
from model.profile import NumericProfile


class KolmogorovSmirnov(NumericTest):
    """The largest gap between two empirical distribution functions.

    The gap is looked for at the values the reference keeps, on both sides of each. When the
    reference kept all its values this is the exact statistic; else it is at most that, and at most
    the share of data between two kept values (about 1 in 128) smaller. It is never larger, so the
    test keeps its level.

    The p-value is that of the one-sample statistic at the effective size nm/(n+m), as in
    `scipy.stats.ks_2samp(method="asymp")`; ties make it conservative.

    Source: Hodges (1958), "The significance probability of the Smirnov two-sample test".
    """

    about = About(
        name="ks",
        label=Said("KS", "KS"),
        sentence=Said(
            "two-sample Kolmogorov-Smirnov: has the distribution moved?",
            "Kolmogorov-Smirnov de duas amostras: a distribuição mudou?",
        ),
        effect=Said(
            "largest gap between the two distribution functions",
            "maior distância entre as duas funções de distribuição",
        ),
        limit=0.1,
        alarming=DriftExample(tuple(range(60)), tuple(range(30, 90))),
        quiet=DriftExample(tuple(range(60)), tuple(range(1, 61))),
        row=Said("{feature}", "{feature}"),
    )

    def compare(self, reference: NumericProfile, current: NumericProfile, seed: int) -> DriftResult:
        """The difference between two numeric profiles, both with values.

        >>> from model.profile import profile_numbers
        >>> low = profile_numbers([float(i) for i in range(50)], missing=0)
        >>> high = profile_numbers([float(i + 25) for i in range(50)], missing=0)
        >>> KolmogorovSmirnov().compare(low, high, seed=0).effect
        0.5
        """
        gap = largest_gap(reference, current)
        size = reference.present * current.present / (reference.present + current.present)
        return self.found(gap, float(scipy.stats.kstwo.sf(gap, round(size))), gap)


def largest_gap(reference: NumericProfile, current: NumericProfile) -> float:
    """The largest difference of the two distribution functions at the reference's values."""
    at = np.asarray(reference.values)
    seen = np.asarray(current.values)
    counted = np.concatenate([[0], np.asarray(current.upto)]) / current.present
    upto_now = counted[np.searchsorted(seen, at, side="right")]
    below_now = counted[np.searchsorted(seen, at, side="left")]
    upto = np.asarray(reference.upto) / reference.present
    below = np.asarray(reference.below) / reference.present
    return float(max(np.abs(upto - upto_now).max(), np.abs(below - below_now).max()))
