from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import BundleError
from model.student import Features
from preprocessing.encoder import FeatureEncoder
from preprocessing.task.columns import Column, Derived, IdColumn, Kind, OutcomeRule
from preprocessing.task.formula import Formula
from preprocessing.task.spec import TaskSpec

TASK = TaskSpec(
    name="made_up",
    title="Made up",
    id=IdColumn(name="ra", kind=Kind.CATEGORY),
    features=(
        Column(name="grade"),
        Column(name="effort"),
        Column(name="never"),
        Column(name="same"),
        Column(name="school", kind=Kind.CATEGORY),
    ),
    outcome=OutcomeRule(column=Column(name="lag"), below=0),
)
SEEN: list[Features] = [
    {"grade": 4.0, "effort": 1.0, "same": 3.0, "school": "public"},
    {"grade": 6.0, "same": 3.0, "school": "private"},
    {"grade": 8.0, "effort": 2.0, "same": 3.0, "school": "public"},
]
ENCODER = FeatureEncoder.fit(TASK, SEEN)

values = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-5, 20).map(float)
records = st.fixed_dictionaries(
    {},
    optional={
        "grade": values, "effort": values, "never": values, "same": values,
        "school": st.sampled_from(["public", "private", "never seen"]), "other": values,
    },
)  # fmt: skip


def test_columns_are_numbers_then_flags_then_categories() -> None:
    assert ENCODER.columns == ("grade", "effort", "effort", "school", "school")
    assert ENCODER.dropped == {"never": "always missing", "same": "constant"}
    assert ENCODER.features == ("grade", "effort", "school")


def test_a_missing_number_becomes_the_median_and_its_flag_is_raised() -> None:
    row = ENCODER.encode_one({"grade": 6.0, "school": "private"})

    assert row.tolist() == [0.0, 0.0, 1.0, 1.0, 0.0]


def test_a_missing_or_unseen_category_becomes_the_most_frequent_one() -> None:
    assert ENCODER.encode_one({"school": "never seen"})[3:].tolist() == [0.0, 1.0]
    assert ENCODER.encode_one({})[3:].tolist() == [0.0, 1.0]


def test_a_number_outside_the_range_seen_counts_as_its_end() -> None:
    assert np.array_equal(ENCODER.encode_one({"grade": 1e300}), ENCODER.encode_one({"grade": 8.0}))


def test_what_was_filled_in_is_named() -> None:
    assert ENCODER.imputed(SEEN[0]) == ()
    assert ENCODER.imputed({"grade": 1.0, "school": "never seen"}) == ("effort", "school")
    assert ENCODER.imputed({}) == ("grade", "effort", "school")


@given(st.lists(records, max_size=8))
@settings(max_examples=100, deadline=None)
def test_one_record_and_many_become_the_same_rows_exact_in_float32(many: list[Features]) -> None:
    rows = ENCODER.encode_many(many)

    assert rows.shape == (len(many), 5)
    assert np.isfinite(rows).all()
    assert np.array_equal(rows, rows.astype(np.float32))
    for record, row in zip(many, rows, strict=True):
        assert np.array_equal(ENCODER.encode_one(record), row)


def test_the_encoder_reads_back_from_its_description_as_json() -> None:
    again = FeatureEncoder.from_spec(json.loads(json.dumps(ENCODER.spec())))

    assert again.columns == ENCODER.columns
    for record in SEEN:
        assert np.array_equal(again.encode_one(record), ENCODER.encode_one(record))


@pytest.mark.parametrize(
    "spec", [{}, {"format": 99}, {"format": 1}, {**ENCODER.spec(), "x": 1, "numeric": [{}]}]
)
def test_a_description_that_cannot_be_read_is_refused(spec: dict[str, object]) -> None:
    with pytest.raises(BundleError):
        FeatureEncoder.from_spec(spec)


def test_none_and_nan_count_as_missing() -> None:
    odd: dict[str, float] = {"grade": float("nan"), "effort": None}  # type: ignore[dict-item]

    assert np.array_equal(ENCODER.encode_one(odd), ENCODER.encode_one({}))
    assert np.array_equal(ENCODER.encode_many([odd]), ENCODER.encode_many([{}]))
    assert ENCODER.imputed(odd) == ENCODER.imputed({})


def test_a_derived_number_is_worked_out_from_the_record_and_never_taken_from_it() -> None:
    task = TASK.model_copy(update={"derived": (Derived(name="gap", formula="grade - effort"),)})
    encoder = FeatureEncoder.fit(
        task, [{"grade": 1.0, "effort": 1.0}, {"grade": 5.0, "effort": 2.0}]
    )
    again = FeatureEncoder.from_spec(json.loads(json.dumps(encoder.spec())))

    assert encoder.columns == ("grade", "effort", "gap")
    assert encoder.complete({"grade": 3.0, "effort": 1.0, "gap": 99.0})["gap"] == 2.0
    assert encoder.imputed({"grade": 3.0}) == ("effort",)
    fresh: list[Features] = [{"grade": 3.0, "effort": 1.0}, {"grade": 3.0}]
    for record in fresh:
        assert np.array_equal(again.encode_one(record), encoder.encode_many([record])[0])


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "a.b", "a if b else c", "open(a, b)", "[a]", "'x'", "a **", "a ** b"],
)
def test_a_formula_is_arithmetic_and_nothing_else(text: str) -> None:
    with pytest.raises(ValueError, match="formula"):
        Formula(text)


def test_a_task_whose_formula_reads_no_numeric_feature_is_refused() -> None:
    raw = TASK.model_dump() | {"derived": [{"name": "gap", "formula": "grade - school"}]}

    with pytest.raises(ValueError, match="gap reads school"):
        TaskSpec.model_validate(raw)
