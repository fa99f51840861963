"""Every statistic, against SciPy or scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, false_discovery_control, fisher_exact, ks_2samp
from scipy.stats.contingency import association

from drift.benjamini_hochberg import adjust
from drift.bins import category_bins, value_bins
from drift.chi_square import ChiSquare, pool_rare
from drift.contract import DriftTest
from drift.cramers_v import corrected_v, cramers_v
from drift.ks import KolmogorovSmirnov
from drift.missingness import Missingness
from drift.new_categories import NewCategories
from drift.psi import psi
from model.profile import (
    GRID,
    CategoryProfile,
    ColumnProfile,
    NumericProfile,
    profile_column,
    profile_numbers,
)

samples = st.lists(st.integers(0, 12).map(float), min_size=5, max_size=80)


def numeric(values: Iterable[float], grid: int | None = None) -> NumericProfile:
    return profile_numbers(list(values), missing=0, grid=grid)


def category(values: Sequence[str]) -> CategoryProfile:
    profile = profile_column("c", list(values), "category")
    assert isinstance(profile, CategoryProfile)
    return profile


def p_of(test: DriftTest, then: ColumnProfile, now: ColumnProfile) -> float:
    p_value = test.run(then, now, seed=0).p_value
    assert p_value is not None
    return p_value


def index(then: ColumnProfile, now: ColumnProfile) -> float:
    return psi(value_bins(then, now))


@given(samples, samples)
def test_ks_is_scipys_when_the_profile_keeps_every_value(a: list[float], b: list[float]) -> None:
    ours = KolmogorovSmirnov().run(numeric(a), numeric(b), seed=0)
    theirs = ks_2samp(a, b, method="asymp")

    assert ours.statistic == pytest.approx(theirs.statistic, abs=1e-12)
    assert ours.p_value == pytest.approx(theirs.pvalue, abs=1e-12)


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.3, 2.0])
def test_ks_against_a_thinned_profile_is_never_larger_and_hardly_smaller(shift: float) -> None:
    random = np.random.default_rng(11)
    a, b = random.normal(size=3000), random.normal(loc=shift, size=700)

    ours = KolmogorovSmirnov().run(numeric(a, grid=GRID), numeric(b), seed=0).statistic

    theirs = ks_2samp(a, b).statistic
    assert theirs - 1 / (GRID - 1) - 1e-9 <= ours <= theirs + 1e-12


def test_chi_square_is_scipys_when_no_category_is_rare() -> None:
    a, b = ["x"] * 40 + ["y"] * 60 + ["z"] * 30, ["x"] * 70 + ["y"] * 50 + ["z"] * 20

    ours = ChiSquare().run(category(a), category(b), seed=0)
    theirs = chi2_contingency([[40, 60, 30], [70, 50, 20]], correction=False)

    assert ours.statistic == pytest.approx(theirs.statistic)
    assert ours.p_value == pytest.approx(theirs.pvalue)


def test_rare_categories_are_pooled_before_the_test() -> None:
    a, b = ["x"] * 100 + ["y"] * 96 + ["p"] * 2 + ["q"] * 2, ["x"] * 95 + ["y"] * 95 + ["r"] * 10

    ours = ChiSquare().run(category(a), category(b), seed=0)
    theirs = chi2_contingency([[100, 96, 4], [95, 95, 10]], correction=False)

    assert ours.statistic == pytest.approx(theirs.statistic)


def test_a_rare_category_that_becomes_frequent_in_a_small_batch_is_seen() -> None:
    then, now = ["a"] * 570 + ["b"] * 30, ["a"] * 45 + ["b"] * 15

    shift = ChiSquare().run(category(then), category(now), seed=0)

    assert shift.p_value is not None
    # 45 of 660 have b, so that 4.1 of 60 are expected: too few for the chi-square distribution.
    assert shift.p_value == pytest.approx(fisher_exact([[570, 30], [45, 15]]).pvalue)
    assert shift.p_value < 1e-4 and shift.effect > 0.2


@pytest.mark.parametrize("n", [5, 12, 60, 200])
@pytest.mark.parametrize("shares", [(0.95, 0.05), (0.5, 0.3, 0.15, 0.05), (0.02,) * 50])
def test_the_tests_keep_their_level_in_small_batches(n: int, shares: tuple[float, ...]) -> None:
    random = np.random.default_rng(n)
    names = np.array([f"c{i}" for i in range(len(shares))])
    false = np.zeros(2)
    for _ in range(300):
        a, b = (category(random.choice(names, k, p=shares).tolist()) for k in (600, n))
        x, y = (numeric(random.normal(size=k).tolist(), grid=GRID) for k in (600, n))
        false += (
            p_of(ChiSquare(), a, b) <= 0.05,
            p_of(KolmogorovSmirnov(), x, y) <= 0.05,
        )

    # 5 % is 15 of 300; more than 27 would be chance in 1 of 700 cases.
    assert (false <= 27).all()


def test_one_category_only_is_no_shift() -> None:
    shift = ChiSquare().run(category(["x"] * 50), category(["x"] * 20), seed=0)

    assert (shift.statistic, shift.p_value, shift.effect) == (0.0, 1.0, 0.0)


@given(
    st.lists(st.integers(0, 50), min_size=2, max_size=6),
    st.lists(st.integers(0, 50), min_size=2, max_size=6),
)
def test_pooling_loses_no_row_and_leaves_no_rare_column(a: list[int], b: list[int]) -> None:
    table = np.array([[a[0] + 3, a[1], 1], [b[0], b[1] + 3, 1]], dtype=float)

    pooled = pool_rare(table)

    assert pooled.sum(axis=1).tolist() == table.sum(axis=1).tolist()
    expected = np.outer(pooled.sum(axis=1), pooled.sum(axis=0)) / pooled.sum()
    assert pooled.shape[1] == 1 or expected.min() >= 5 - 1e-9


def test_cramers_v_is_scipys_for_rows_of_equal_length() -> None:
    table = np.array([[40, 60, 30], [70, 50, 10]])

    ours = cramers_v(table[0].astype(float), table[1].astype(float))

    assert ours == pytest.approx(association(table, method="cramer"))


def test_cramers_v_does_not_depend_on_how_many_rows_either_side_has() -> None:
    a, b = np.array([40.0, 60.0]), np.array([70.0, 30.0])

    assert cramers_v(a * 1000, b) == pytest.approx(cramers_v(a, b))


def test_the_correction_of_v_is_bergsmas_for_rows_of_equal_length() -> None:
    table = np.array([[40, 60, 20, 10], [55, 50, 10, 15]])
    rows, columns, n = 2, 4, float(table.sum())
    squared = association(table, method="cramer") ** 2
    bergsma = max(0.0, squared - (rows - 1) * (columns - 1) / (n - 1))
    bergsma /= rows - (rows - 1) ** 2 / (n - 1) - 1

    ours = corrected_v(table[0].astype(float), table[1].astype(float))

    assert ours == pytest.approx(bergsma**0.5, abs=1e-9)


@pytest.mark.parametrize("villages", [4, 40, 1000])
@pytest.mark.parametrize(("then", "now"), [(600, 60), (600, 200), (300, 2000)])
def test_chance_adds_nothing_to_the_corrected_v_however_many_categories(
    villages: int, then: int, now: int
) -> None:
    random = np.random.default_rng(villages)
    draws = [
        [np.bincount(random.integers(villages, size=n), minlength=villages) for n in (then, now)]
        for _ in range(100)
    ]

    plain = [cramers_v(a.astype(float), b.astype(float)) for a, b in draws]
    corrected = [corrected_v(a.astype(float), b.astype(float)) for a, b in draws]

    # About half of the draws differ by less than the mean of chance, and are cut at 0.
    assert 0.35 <= np.mean(np.array(corrected) == 0.0) <= 0.75
    assert np.mean(corrected) < 0.1
    assert np.mean(plain) > np.mean(corrected)


def test_v_is_that_of_all_categories_and_not_of_the_pooled_ones() -> None:
    then = category(["a"] * 300 + ["b"] * 300)
    now = category(["a"] * 95 + ["b"] * 95 + [f"new-{i % 5}" for i in range(10)])

    effect = ChiSquare().run(then, now, seed=0).effect

    assert effect == pytest.approx(corrected_v(*category_bins(then, now)))
    # 5 % of the weight in no common category: V² is about half of that, less what chance adds.
    assert 0.1 < effect < 0.16


def test_new_categories_where_training_had_no_rare_one_are_tested_as_by_fisher() -> None:
    then = category(["a"] * 300 + ["b"] * 300)

    for new in ("c", ["c", "d", "e", "f", "g", "h", "i", "j", "k", "l"]):
        now = category(["a"] * 95 + ["b"] * 95 + [new[i % len(new)] for i in range(10)])
        shift = NewCategories().run(then, now, seed=0)

        exact = fisher_exact([[0, 600], [10, 190]], alternative="less").pvalue
        assert shift.p_value == pytest.approx(exact, rel=1e-9)
        assert shift.statistic == 0.05


def test_singletons_of_the_reference_make_new_ones_usual_as_by_fisher() -> None:
    then = category(["a"] * 570 + [f"then-{i}" for i in range(30)])
    now = category(["a"] * 185 + [f"now-{i}" for i in range(15)])

    shift = NewCategories().run(then, now, seed=0)

    exact = fisher_exact([[30, 570], [15, 185]], alternative="less").pvalue
    assert shift.p_value == pytest.approx(exact, rel=1e-9)
    assert shift.p_value is not None and shift.p_value > 0.1 and shift.effect == 0.0


def test_a_column_in_which_everybody_is_alone_brings_nothing_unusual() -> None:
    then = category([f"then-{i}" for i in range(600)])
    now = category([f"now-{i}" for i in range(200)])

    assert NewCategories().run(then, now, seed=0).p_value == 1.0
    assert ChiSquare().run(then, now, seed=0).effect < 0.01


def test_no_new_category_is_no_shift() -> None:
    shift = NewCategories().run(category(["a", "b"] * 50), category(["a"] * 60), seed=0)

    assert (shift.statistic, shift.p_value, shift.effect) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize("law", ["uniform", "zipf"])
@pytest.mark.parametrize(("then", "now"), [(600, 60), (600, 200), (5000, 765)])
def test_the_p_value_of_new_categories_keeps_its_level(law: str, then: int, now: int) -> None:
    random = np.random.default_rng(7)
    weights = 1.0 / np.arange(1, 1001) if law == "zipf" else np.ones(1000)
    names = np.array([f"village-{i}" for i in range(1000)])
    weights /= weights.sum()

    p_values = [
        p_of(
            NewCategories(),
            category(random.choice(names, then, p=weights).tolist()),
            category(random.choice(names, now, p=weights).tolist()),
        )
        for _ in range(300)
    ]

    # 5 % is 15 of 300; 26 or more would be chance in fewer than 1 of 200 cases.
    assert np.count_nonzero(np.array(p_values) <= 0.05) <= 25


def test_a_student_of_several_periods_counts_once_for_how_rare_a_category_is() -> None:
    random = np.random.default_rng(3)
    homes = random.integers(2000, size=900).tolist()
    students = [f"RA-{i}" for i in range(600)] * 2
    lived = [f"village-{homes[i]}" for i in range(600)] * 2
    newcomers = category([f"village-{homes[i]}" for i in range(600, 900)])

    by_record = p_of(NewCategories(), category(lived), newcomers)
    profile = profile_column("home", lived, "category", students=students)
    assert isinstance(profile, CategoryProfile)
    by_student = p_of(NewCategories(), profile, newcomers)

    assert by_record < 0.01 and by_student > 0.05


def test_missingness_is_fishers_exact_test() -> None:
    then = profile_column("ipp", [None] * 30 + [1.0] * 570, "numeric")
    now = profile_column("ipp", [None] * 40 + [1.0] * 260, "numeric")

    ours = Missingness().run(then, now, seed=0)

    assert ours.p_value == pytest.approx(fisher_exact([[30, 570], [40, 260]]).pvalue)
    assert ours.statistic == pytest.approx(40 / 300 - 30 / 600)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_are_scipys(p_values: list[float]) -> None:
    assert adjust(p_values) == pytest.approx(false_discovery_control(p_values).tolist())


def test_nothing_looked_at_adjusts_to_nothing() -> None:
    assert adjust([]) == ()


def test_psi_of_numbers_is_the_index_over_the_references_deciles() -> None:
    random = np.random.default_rng(5)
    a, b = random.normal(size=4000), random.normal(loc=0.4, size=900)

    ours = index(numeric(a, grid=GRID), numeric(b))

    edges = np.quantile(a, np.linspace(0.1, 0.9, 9))
    binned = [np.bincount(np.digitize(x, edges), minlength=10).astype(float) for x in (a, b)]
    assert ours == pytest.approx(psi(np.array(binned)), abs=0.01)


def test_psi_counts_an_empty_bin_as_large_and_finite() -> None:
    assert 1.0 < index(category(["x"] * 100 + ["y"] * 100), category(["x"] * 200)) < 10.0


@given(samples, samples)
def test_psi_is_zero_against_itself_and_never_negative(a: list[float], b: list[float]) -> None:
    assert index(numeric(a), numeric(a)) == pytest.approx(0.0, abs=1e-12)
    assert index(numeric(a), numeric(b)) >= 0.0


def test_no_bins_hold_a_number_and_a_category() -> None:
    with pytest.raises(TypeError):
        value_bins(numeric([1.0, 2.0]), category(["x"]))


def test_psi_of_missingness_has_two_bins() -> None:
    then = profile_column("ipp", [None] * 50 + [1.0] * 50, "numeric")
    now = profile_column("ipp", [None] * 10 + [1.0] * 90, "numeric")

    assert Missingness().bins(then, now).tolist() == [[50, 50], [10, 90]]


def test_side_by_side_counts_hold_the_categories_of_both() -> None:
    table = category_bins(category(["a", "b", "b"]), category(["c", "b"]))

    assert table.tolist() == [[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]]
