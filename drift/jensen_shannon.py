"""Jensen-Shannon distance: how well can one tell from a value which side it comes from?"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from drift.contract import About, ColumnTest, DriftExample, DriftResult, Said
from drift.permutation import dealt_anew, p_value
from model.profile import ColumnProfile


class JensenShannon(ColumnTest):
    """The root of the Jensen-Shannon divergence in bits: 0 for equal shares, 1 for none in common.

    Numbers are binned at the reference's deciles, categories are bins themselves. The p-value is
    that of dealing the records anew; the effect is without what chance adds to the divergence, the
    mean over these permutations, else a small batch always looks different.

    Source: Lin (1991), "Divergence measures based on the Shannon entropy"; Endres and Schindelin
    (2003), "A new metric for probability distributions", on its root.
    """

    about = About(
        name="jensen_shannon",
        label=Said("Jensen-Shannon", "Jensen-Shannon"),
        sentence=Said(
            "Jensen-Shannon distance, by permutation: have the shares of the deciles or of the "
            "categories moved?",
            "distância de Jensen-Shannon, por permutação: as proporções dos decis ou das "
            "categorias mudaram?",
        ),
        effect=Said(
            "distance (base 2) over deciles or categories, corrected for chance",
            "distância (base 2) entre decis ou categorias, descontado o acaso",
        ),
        limit=0.1,
        alarming=DriftExample(("a", "b") * 30, ("a",) * 10 + ("b",) * 50),
        quiet=DriftExample(("a", "b") * 30, ("a",) * 28 + ("b",) * 32),
    )

    def compare(self, reference: ColumnProfile, current: ColumnProfile, seed: int) -> DriftResult:
        """The distance between two profiles of one kind, both with values.

        >>> from model.profile import CategoryProfile
        >>> then, now = (CategoryProfile(9, 0, (name,), (9,)) for name in "ab")
        >>> JensenShannon().compare(then, now, seed=0).statistic
        1.0
        """
        counts = self.bins(reference, current)
        distance = float(_distances(counts))
        by_chance = _distances(dealt_anew(counts, seed))
        beyond = distance**2 - float(np.mean(by_chance**2))
        return self.found(distance, p_value(distance, by_chance), float(np.sqrt(max(0.0, beyond))))


def _distances(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The distance of the two rows in each of the (..., 2, k) tables."""
    then, now = counts[..., 0, :], counts[..., 1, :]
    return np.asarray(scipy.spatial.distance.jensenshannon(then, now, base=2, axis=-1))
