"""The two distances: against SciPy, and that dealing the records anew keeps its level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from drift.bins import value_bins
from drift.jensen_shannon import JensenShannon
from drift.permutation import PERMUTATIONS, dealt_anew, p_value
from drift.wasserstein import Wasserstein, _distances, on_common_values
from model.profile import (
    CATEGORY,
    GRID,
    CategoryProfile,
    NumericProfile,
    profile_column,
    profile_numbers,
)

samples = st.lists(st.integers(-4, 12).map(float), min_size=5, max_size=60)


def numeric(values: Sequence[float], grid: int | None = None) -> NumericProfile:
    return profile_numbers(values, missing=0, grid=grid)


def category(values: Sequence[str]) -> CategoryProfile:
    profile = profile_column("c", values, CATEGORY)
    assert isinstance(profile, CategoryProfile)
    return profile


@settings(max_examples=40)
@given(samples, samples)
def test_wasserstein_is_scipys_when_the_profile_keeps_every_value(
    a: list[float], b: list[float]
) -> None:
    found = Wasserstein().run(numeric(a), numeric(b), seed=0)

    assert found.statistic == pytest.approx(wasserstein_distance(a, b))
    if np.std(a) > 0:
        assert found.effect == pytest.approx(wasserstein_distance(a, b) / np.std(a))


@pytest.mark.parametrize("shift", [0.0, 0.1, 1.0, 6.0])
def test_a_thinned_profile_moves_the_distance_by_no_more_than_its_gaps(shift: float) -> None:
    random = np.random.default_rng(11)
    a, b = random.normal(size=3000), random.normal(loc=shift, size=700)

    ours = Wasserstein().run(numeric(a.tolist(), GRID), numeric(b.tolist()), seed=0).statistic

    assert ours == pytest.approx(wasserstein_distance(a, b), abs=0.03)


def test_the_distances_of_all_permutations_are_those_of_scipy_one_by_one() -> None:
    random = np.random.default_rng(2)
    at, counts = on_common_values(
        numeric(random.normal(size=80).tolist()), numeric(random.normal(size=30).tolist())
    )
    drawn = dealt_anew(counts, seed=5)[:20]

    one_by_one = [wasserstein_distance(at, at, then, now) for then, now in drawn]
    assert _distances(at, drawn) == pytest.approx(one_by_one)


def test_all_values_moved_by_half_a_deviation_have_the_effect_one_half() -> None:
    values = np.random.default_rng(4).normal(size=400)

    found = Wasserstein().run(
        numeric(values.tolist()), numeric((values + values.std() / 2).tolist()), seed=0
    )

    assert found.effect == pytest.approx(0.5)


def test_a_constant_that_moves_is_seen_and_one_that_stays_is_not() -> None:
    moved = Wasserstein().run(numeric([3.0] * 40), numeric([4.0] * 40), seed=0)
    stayed = Wasserstein().run(numeric([3.0] * 40), numeric([3.0] * 40), seed=0)

    assert moved.effect == pytest.approx(2.0) and moved.p_value == 1 / (1 + PERMUTATIONS)
    assert (stayed.effect, stayed.p_value) == (0.0, 1.0)


@settings(max_examples=40)
@given(samples, samples)
def test_jensen_shannon_of_numbers_is_scipys_over_the_references_deciles(
    a: list[float], b: list[float]
) -> None:
    then, now = numeric(a), numeric(b)

    found = JensenShannon().run(then, now, seed=0)

    assert found.statistic == pytest.approx(jensenshannon(*value_bins(then, now), base=2))
    assert 0.0 <= found.effect <= found.statistic


def test_a_number_that_moved_is_seen_by_jensen_shannon() -> None:
    then, now = numeric([float(i) for i in range(60)]), numeric([float(i + 30) for i in range(60)])

    found = JensenShannon().run(then, now, seed=0)

    assert found.p_value == 1 / (1 + PERMUTATIONS) and found.effect > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("n", [12, 100])
def test_the_p_values_keep_their_level_and_chance_adds_no_effect(n: int) -> None:
    random = np.random.default_rng(n)
    names = np.array(["a", "b", "c", "d"])
    false = np.zeros(3)
    effects: list[float] = []
    for seed in range(40):
        x, y = (numeric(random.normal(size=k).tolist(), GRID) for k in (600, n))
        a, b = (category(random.choice(names, k).tolist()) for k in (600, n))
        found = [
            Wasserstein().run(x, y, seed),
            JensenShannon().run(x, y, seed),
            JensenShannon().run(a, b, seed),
        ]
        false += [result.p_value is not None and result.p_value <= 0.05 for result in found]
        effects.append(found[1].effect)

    # 5 % is 2 of 40; more than 7 would be chance in 1 of 1,000 cases.
    assert (false <= 7).all()
    # About half of the draws differ by less than the mean of chance, and are cut at 0.
    assert 0.2 <= np.mean(np.array(effects) == 0.0) <= 0.85


def test_records_dealt_anew_keep_both_sizes_and_every_bin() -> None:
    counts = np.array([[30.0, 20.0, 5.0], [4.0, 9.0, 2.0]])

    drawn = dealt_anew(counts, seed=1)

    assert drawn.shape == (PERMUTATIONS, 2, 3)
    assert (drawn.sum(axis=1) == counts.sum(axis=0)).all()
    assert (drawn.sum(axis=2) == counts.sum(axis=1)).all()
    assert (drawn == dealt_anew(counts, seed=1)).all()
    assert not (drawn == dealt_anew(counts, seed=2)).all()


def test_a_p_value_by_permutation_is_never_zero() -> None:
    assert p_value(1.0, np.zeros(PERMUTATIONS)) == 1 / (1 + PERMUTATIONS)
