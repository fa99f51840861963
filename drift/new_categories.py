"""Categories that training never saw: more of them than new records bring by themselves?"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from drift.contract import About, CategoryTest, DriftExample, DriftResult, Said
from model.profile import CategoryProfile, ColumnProfile, Rarity

USUAL = 0.99


class NewCategories(CategoryTest):
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

    about = About(
        name="new_categories",
        label=Said("new values", "valores novos"),
        sentence=Said(
            "beta-binomial: are there more categories that training never saw than usual?",
            "beta-binomial: há mais categorias que o treino nunca viu do que o normal?",
        ),
        effect=Said(
            "share in new categories beyond the 99 % bound of what such a batch brings by itself",
            "proporção em categorias novas além do limite de 99 % do que um lote assim já traz",
        ),
        limit=0.01,
        alarming=DriftExample(("a", "b") * 30, ("a", "b") * 25 + ("c",) * 10),
        quiet=DriftExample(("a", "b") * 29 + ("c", "d"), ("a", "b") * 29 + ("e", "b")),
    )

    def bins(self, reference: ColumnProfile, current: ColumnProfile) -> NDArray[np.float64]:
        """Unseen in training (there, what is expected to be) and seen."""
        if not (isinstance(reference, CategoryProfile) and isinstance(current, CategoryProfile)):
            return super().bins(reference, current)
        rarity = reference.rarity
        new = sum(count for _, count in unseen_counts(reference, current))
        return np.array(
            [[rarity.once, rarity.students - rarity.once], [new, current.present - new]], float
        )

    def compare(
        self, reference: CategoryProfile, current: CategoryProfile, seed: int
    ) -> DriftResult:
        """The share of unseen categories beyond what is usual; the statistic is that share.

        >>> then = CategoryProfile(600, 0, ("a", "b"), (300, 300))
        >>> now = CategoryProfile(200, 0, ("a", "b", "c"), (95, 95, 10))
        >>> NewCategories().compare(then, now, seed=0)
        DriftResult(statistic=0.05, p_value=8.02...e-07, effect=0.035..., unseen=('c',))
        """
        counts = unseen_counts(reference, current)
        names = tuple(name for name, _ in counts)
        new = sum(count for _, count in counts)
        share = new / current.present
        mass = _unseen_mass(reference.rarity)
        if new == 0 or mass is None:
            return self.found(share, 1.0, 0.0, names)
        chances = scipy.stats.betabinom.pmf(np.arange(current.present + 1), current.present, *mass)
        # Summed from the far end, where the small ones are: reached[k] = P(K ≥ k).
        reached = np.cumsum(chances[::-1])[::-1]
        usual = int(np.count_nonzero(reached > 1.0 - USUAL)) - 1
        beyond = max(0.0, share - usual / current.present)
        return self.found(share, float(min(reached[new], 1.0)), beyond, names)


def unseen_counts(
    reference: CategoryProfile, current: CategoryProfile
) -> tuple[tuple[str, int], ...]:
    """The categories that only `current` holds, most frequent first, with their counts."""
    known = set(reference.categories)
    both = zip(current.categories, current.counts, strict=True)
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
