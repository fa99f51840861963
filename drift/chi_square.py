"""Pearson's chi-square test of homogeneity: have the shares of categories moved?"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from drift.bins import category_bins
from drift.contract import About, CategoryTest, DriftExample, DriftResult, Said
from drift.cramers_v import corrected_v
from model.profile import CategoryProfile

LEAST_EXPECTED = 5.0
"""Cochran's rule: a cell expected to hold fewer is pooled with others."""


class ChiSquare(CategoryTest):
    """Pearson's statistic on the 2 × k table of counts, with Cramér's V as effect.

    A category that is new, or gone, is a column like any other. Columns expected to hold fewer than
    five in either row are pooled for the statistic, as the chi-square distribution is no guide
    there; what pooling hides of new categories is tested by `NewCategories`. Where no two columns
    are left, the most frequent category is held against all others by Fisher's exact test, which
    needs no expected count. The effect is that of all columns, without what chance adds to it.

    Source: Pearson (1900); Cochran (1954), "Some methods for strengthening the common χ² tests".
    """

    about = About(
        name="chi_square",
        label=Said("chi-square", "qui-quadrado"),
        sentence=Said(
            "chi-square of homogeneity: have the shares of the categories moved?",
            "qui-quadrado de homogeneidade: as proporções das categorias mudaram?",
        ),
        effect=Said(
            "Cramér's V of all categories, corrected for chance",
            "V de Cramér de todas as categorias, descontado o acaso",
        ),
        limit=0.1,
        alarming=DriftExample(("a", "b") * 30, ("a",) * 10 + ("b",) * 50),
        quiet=DriftExample(("a", "b") * 30, ("a",) * 28 + ("b",) * 32),
        row=Said("{feature}", "{feature}"),
    )

    def compare(
        self, reference: CategoryProfile, current: CategoryProfile, seed: int
    ) -> DriftResult:
        """The difference between two category profiles, both with values.

        >>> then = CategoryProfile(100, 0, ("a", "b"), (50, 50))
        >>> now = CategoryProfile(100, 0, ("b", "a"), (75, 25))
        >>> ChiSquare().compare(then, now, seed=0)
        DriftResult(statistic=13.333333333333334, p_value=0.00026..., effect=0.24890331848..., ...)
        """
        counts = category_bins(reference, current)
        if counts.shape[1] < 2:
            return self.found(0.0, 1.0, 0.0)
        table = pool_rare(counts)
        few = table.shape[1] < 2
        if few:
            table = most_frequent_and_others(counts)
        expected = _expected(table)
        statistic = float(np.sum((table - expected) ** 2 / expected))
        p_value = (
            scipy.stats.fisher_exact(table).pvalue
            if few
            else scipy.stats.chi2.sf(statistic, table.shape[1] - 1)
        )
        return self.found(statistic, float(p_value), corrected_v(counts[0], counts[1]))


def pool_rare(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adds up the columns whose expected counts are too small.

    Should their sum be too small as well, the rarest of the others joins them.

    >>> pool_rare(np.array([[50.0, 44.0, 4.0, 2.0], [48.0, 47.0, 3.0, 2.0]]))
    array([[50., 44.,  6.],
           [48., 47.,  5.]])
    """
    totals = table.sum(axis=0)
    least = LEAST_EXPECTED / (table.sum(axis=1).min() / table.sum())
    rare = totals < least
    if rare.any() and not rare.all() and totals[rare].sum() < least:
        rare[np.where(rare, np.inf, totals).argmin()] = True
    if not rare.any():
        return table
    return np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])


def most_frequent_and_others(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two columns: the category with most rows in all, and the sum of the others.

    >>> most_frequent_and_others(np.array([[570.0, 20.0, 10.0], [42.0, 18.0, 0.0]]))
    array([[570.,  30.],
           [ 42.,  18.]])
    """
    most = int(table.sum(axis=0).argmax())
    return np.column_stack([table[:, most], np.delete(table, most, axis=1).sum(axis=1)])


def _expected(table: NDArray[np.float64]) -> NDArray[np.float64]:
    expected: NDArray[np.float64] = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return expected
