"""Every drift test there is, and what people read of one."""

from __future__ import annotations

from drift.chi_square import ChiSquare
from drift.contract import DriftTest
from drift.jensen_shannon import JensenShannon
from drift.ks import KolmogorovSmirnov
from drift.missingness import Missingness
from drift.new_categories import NewCategories
from drift.rank_sum import RankSum
from drift.wasserstein import Wasserstein

TESTS: tuple[DriftTest, ...] = (
    KolmogorovSmirnov(),
    RankSum(),
    Wasserstein(),
    ChiSquare(),
    NewCategories(),
    JensenShannon(),
    Missingness(),
)


def known(name: str) -> DriftTest | None:
    """The test of that name; None where an old report or a task names one that is not there."""
    return next((test for test in TESTS if test.about.name == name), None)


def label_of(name: str, language: str) -> str:
    """A test's name as people read it, or the plain one where it is not known."""
    test = known(name)
    return test.about.label.of(language) if test else name


def row_of(name: str, feature: str, language: str) -> str:
    """What a chart calls a test's row; `feature` as people read it.

    >>> row_of("missingness", "IPP", "en"), row_of("ks", "IPP", "en")
    ('IPP (missing)', 'IPP')
    """
    test = known(name)
    said = test.about.row.of(language) if test else "{feature} ({label})"
    return said.format(feature=feature, label=label_of(name, language))
