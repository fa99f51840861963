"""Fisher's exact test: is a value missing more or less often than it was?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scipy.stats import fisher_exact

from drift.contract import Shift
from model.profile import ColumnProfile


@dataclass(frozen=True, slots=True)
class Missingness:
    """The difference between two shares missing, tested by Fisher's exact test.

    Exact, because the shares are often close to zero, where the normal approximation calls two
    missing values in thirty rows a certainty.

    Source: Fisher (1935), "The logic of inductive inference".
    """

    limit: float = 0.05
    name: ClassVar[str] = "missingness"
    title: ClassVar[str] = "missing"

    def compare(self, reference: ColumnProfile, recent: ColumnProfile) -> Shift:
        """The shift in the share missing; the statistic is its signed difference.

        >>> from model.profile import NumericProfile
        >>> then = NumericProfile(600, 0, (), (), ())
        >>> now = NumericProfile(30, 2, (), (), ())
        >>> shift = Missingness().compare(then, now)
        >>> round(shift.effect, 3), round(shift.p_value, 4)
        (0.067, 0.0022)
        """
        difference = recent.missing / recent.rows - reference.missing / reference.rows
        p_value = fisher_exact(
            [[reference.missing, reference.present], [recent.missing, recent.present]]
        ).pvalue
        return Shift(statistic=difference, p_value=float(p_value), effect=abs(difference))
