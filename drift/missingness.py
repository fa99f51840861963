"""Fisher's exact test: is a value missing more or less often than it was?"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from drift.contract import About, ColumnTest, DriftExample, DriftResult, Said
from model.profile import ColumnProfile


class Missingness(ColumnTest):
    """The difference between two shares missing, tested by Fisher's exact test.

    Exact, because the shares are often close to zero, where the normal approximation calls two
    missing values in thirty rows a certainty.

    Source: Fisher (1935), "The logic of inductive inference".
    """

    about = About(
        name="missingness",
        label=Said("missing", "ausência"),
        sentence=Said(
            "Fisher's exact test: is a value missing more or less often?",
            "teste exato de Fisher: o valor falta mais ou menos vezes?",
        ),
        effect=Said(
            "difference of the shares missing", "diferença entre as proporções de ausência"
        ),
        limit=0.05,
        alarming=DriftExample((1.0,) * 60, (1.0,) * 40 + (None,) * 20),
        quiet=DriftExample((1.0,) * 59 + (None,), (1.0,) * 58 + (None,) * 2),
    )

    def enough(self, reference: ColumnProfile, current: ColumnProfile) -> bool:
        """Whether any value is missing on either side."""
        return bool(reference.missing or current.missing)

    def bins(self, reference: ColumnProfile, current: ColumnProfile) -> NDArray[np.float64]:
        """Missing and present."""
        return np.array([[side.missing, side.present] for side in (reference, current)], float)

    def compare(self, reference: ColumnProfile, current: ColumnProfile, seed: int) -> DriftResult:
        """The difference of the shares missing; the statistic is the signed one.

        >>> from model.profile import NumericProfile
        >>> then = NumericProfile(600, 0, (), (), ())
        >>> now = NumericProfile(30, 2, (), (), ())
        >>> found = Missingness().compare(then, now, seed=0)
        >>> round(found.effect, 3), round(found.p_value, 4)
        (0.067, 0.0022)
        """
        difference = current.missing / current.rows - reference.missing / reference.rows
        p_value = scipy.stats.fisher_exact(self.bins(reference, current)).pvalue
        return self.found(difference, float(p_value), abs(difference))
