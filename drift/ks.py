"""Two-sample Kolmogorov-Smirnov: has the distribution of a number moved?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.stats import kstwo

from drift.contract import Shift
from model.profile import NumericProfile


@dataclass(frozen=True, slots=True)
class KolmogorovSmirnov:
    """The largest gap between two empirical distribution functions.

    The gap is looked for at the values the reference keeps, on both sides of each. When the
    reference kept all its values this is the exact statistic; else it is at most that, and at most
    the share of data between two kept values (about 1 in 128) smaller. It is never larger, so the
    test keeps its level.

    The p-value is that of the one-sample statistic at the effective size nm/(n+m), as in
    `scipy.stats.ks_2samp(method="asymp")`; ties make it conservative.

    Source: Hodges (1958), "The significance probability of the Smirnov two-sample test".
    """

    limit: float = 0.1
    name: ClassVar[str] = "ks"
    title: ClassVar[str] = "KS"

    def compare(self, reference: NumericProfile, recent: NumericProfile) -> Shift:
        """The shift between two numeric profiles, both with values.

        >>> from model.profile import profile_numbers
        >>> low = profile_numbers([float(i) for i in range(50)], missing=0)
        >>> high = profile_numbers([float(i + 25) for i in range(50)], missing=0)
        >>> KolmogorovSmirnov().compare(low, high).effect
        0.5
        """
        gap = largest_gap(reference, recent)
        size = reference.present * recent.present / (reference.present + recent.present)
        return Shift(statistic=gap, p_value=float(kstwo.sf(gap, round(size))), effect=gap)


def largest_gap(reference: NumericProfile, recent: NumericProfile) -> float:
    """The largest difference of the two distribution functions at the reference's values."""
    at = np.asarray(reference.values)
    seen = np.asarray(recent.values)
    counted = np.concatenate([[0], np.asarray(recent.upto)]) / recent.present
    upto_now = counted[np.searchsorted(seen, at, side="right")]
    below_now = counted[np.searchsorted(seen, at, side="left")]
    upto = np.asarray(reference.upto) / reference.present
    below = np.asarray(reference.below) / reference.present
    return float(max(np.abs(upto - upto_now).max(), np.abs(below - below_now).max()))
