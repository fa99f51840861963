"""Categories that training never saw: more of them than new records bring by themselves?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.stats import betabinom

from drift.contract import Shift
from model.profile import CategoryProfile, Rarity

USUAL = 0.99


@dataclass(frozen=True, slots=True)
class NewCategories:
    """The share of records in unseen categories, against what was still unseen in training.

    What training had not seen yet has a probability that its singletons tell: of N students, those
    whose category no other student has, f1, are to the other N - 1 what a newcomer of an unseen
    category is to all N. So f1 / N estimates it (Good 1953, after Turing): a column of four stones
    brings nothing new, a column of a thousand villages always does.

    The test is exact where each rare category was seen once: N old and n new students are then
    exchangeable, and that k or more of the f1 + k lone ones are new has the probability of Fisher's
    one-sided test, which equals P(K ≥ k) for K beta-binomial with n trials, a = f1 + 1 and
    b = N - f1. Categories seen twice (f2) make f1 / N vary more than a binomial share does, by
    2 · f2 / N² (Esty 1983), so a and b are divided by the ratio of the two variances.

    The effect is by how much the share exceeds the 99 % bound of what such a batch brings by
    itself (the quantile of the same K). The limit is lower than that of other tests, because what
    the model never saw it cannot weigh at all.

    Source: Good (1953), "The population frequencies of species"; Esty (1983), "A normal limit law
    for a nonparametric estimator of the coverage of a random sample".
    """

    limit: float = 0.01
    name: ClassVar[str] = "new_categories"
    title: ClassVar[str] = "new values"

    def compare(self, reference: CategoryProfile, recent: CategoryProfile) -> Shift:
        """The shift in the share of unseen categories; the statistic is that share.

        >>> then = CategoryProfile(600, 0, ("a", "b"), (300, 300))
        >>> now = CategoryProfile(200, 0, ("a", "b", "c"), (95, 95, 10))
        >>> NewCategories().compare(then, now)
        Shift(statistic=0.05, p_value=8.02...e-07, effect=0.035...)
        """
        unseen = sum(count for _, count in unseen_counts(reference, recent))
        share = unseen / recent.present
        mass = _unseen_mass(reference.rarity)
        if unseen == 0 or mass is None:
            return Shift(statistic=share, p_value=1.0, effect=0.0)
        chances = betabinom.pmf(np.arange(recent.present + 1), recent.present, *mass)
        # Summed from the far end, where the small ones are: reached[k] = P(K ≥ k).
        reached = np.cumsum(chances[::-1])[::-1]
        usual = int(np.count_nonzero(reached > 1.0 - USUAL)) - 1
        return Shift(
            statistic=share,
            p_value=float(min(reached[unseen], 1.0)),
            effect=max(0.0, share - usual / recent.present),
        )


def unseen_counts(
    reference: CategoryProfile, recent: CategoryProfile
) -> tuple[tuple[str, int], ...]:
    """The categories that only `recent` holds, most frequent first, with their counts."""
    known = set(reference.categories)
    both = zip(recent.categories, recent.counts, strict=True)
    return tuple((category, count) for category, count in both if category not in known)


def _unseen_mass(rarity: Rarity) -> tuple[float, float] | None:
    """The beta distribution of the probability of what is unseen yet.

    None where each student has a category of their own: nothing new could then surprise.
    """
    several = rarity.students - rarity.once
    if several == 0:
        return None
    once = rarity.once + 1.0
    inflation = 1.0 + 2.0 * rarity.twice * rarity.students / (once * several)
    return once / inflation, several / inflation
