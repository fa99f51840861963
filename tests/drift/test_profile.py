"""The reference profile kept with a model."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import InvalidRecord
from model.profile import (
    GRID,
    SCORE,
    CategoryProfile,
    NumericProfile,
    Rarity,
    build_profile,
    profile_column,
    profile_numbers,
    read_profile,
)
from model.student import Features

numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


def test_a_profile_survives_json_and_is_read_as_it_was_written() -> None:
    records: list[Features] = [{"ida": 5.5, "pedra": "Ágata"}, {"ida": 7.0}, {"pedra": "Esc. nova"}]
    kinds = {"ida": "numeric", "pedra": "category"}

    written = build_profile(records, kinds, np.array([0.1, 0.9, 0.5]))
    read = read_profile(json.loads(json.dumps(written)))

    assert read["ida"] == NumericProfile(3, 1, (5.5, 7.0), (0, 1), (1, 2))
    assert read["pedra"] == CategoryProfile(
        3, 1, ("Esc. nova", "Ágata"), (1, 1), Rarity(students=2, once=2, twice=0)
    )
    assert read[SCORE].present == 3


def test_no_key_of_a_profile_comes_from_the_data() -> None:
    written = build_profile([{"school": "a.$b"}], {"school": "category"}, np.array([]))

    assert set(written) == {"school"}
    assert set(written["school"]) == {
        "kind", "rows", "missing", "categories", "counts", "rarity",
    }  # fmt: skip


def test_a_profile_of_before_is_read_and_each_of_its_records_taken_for_a_student() -> None:
    old = {"kind": "category", "rows": 5, "missing": 1, "categories": ["a", "b"], "counts": [3, 1]}

    profile = read_profile({"pedra": old})["pedra"]

    assert isinstance(profile, CategoryProfile)
    assert profile.rarity == Rarity(students=4, once=1, twice=0)


def test_rarity_counts_students_and_survives_json() -> None:
    records: list[Features] = [*({"home": h} for h in ("x", "x", "y", "y", "z")), {}]
    students = ["RA-1", "RA-1", "RA-2", "RA-3", "RA-1", "RA-4"]

    written = build_profile(records, {"home": "category"}, np.array([]), students)
    read = read_profile(json.loads(json.dumps(written)))["home"]

    assert isinstance(read, CategoryProfile)
    assert read.rarity == Rarity(students=3, once=2, twice=1)
    assert read.counts == (2, 2, 1)


@given(numbers)
def test_counts_are_those_of_the_sample_at_every_value(sample: list[float]) -> None:
    profile = profile_numbers(sample, missing=0)

    assert profile.values == tuple(sorted(set(sample)))
    assert profile.below == tuple(sum(x < v for x in sample) for v in profile.values)
    assert profile.upto == tuple(sum(x <= v for x in sample) for v in profile.values)


def test_a_thinned_profile_is_exact_where_it_keeps_a_value_and_keeps_the_ends() -> None:
    sample = np.random.default_rng(3).normal(size=5000).round(4)

    profile = profile_numbers(sample.tolist(), missing=0, grid=GRID)

    assert len(profile.values) <= GRID
    assert (profile.values[0], profile.values[-1]) == (sample.min(), sample.max())
    assert profile.upto == tuple(int((sample <= v).sum()) for v in profile.values)
    between = np.array(profile.below[1:]) - np.array(profile.upto[:-1])
    assert between.max() / sample.size <= 1 / (GRID - 1)


@given(numbers, st.floats(0.01, 1.0))
def test_a_quantile_has_at_least_its_share_at_or_below(sample: list[float], share: float) -> None:
    value = profile_numbers(sample, missing=0).quantile(share)

    assert sum(x <= value for x in sample) >= share * len(sample) - 1e-6
    assert sum(x < value for x in sample) < share * len(sample)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "7,5"])
def test_what_is_no_finite_number_is_refused_by_the_name_of_its_column(value: float | str) -> None:
    with pytest.raises(InvalidRecord, match=r"^ida: not a finite number"):
        profile_column("ida", [1.0, value], "numeric")


def test_an_always_missing_column_has_a_profile() -> None:
    profile = profile_column("ipp", [None, None], "numeric")

    assert (profile.rows, profile.missing, profile.present) == (2, 2, 0)
