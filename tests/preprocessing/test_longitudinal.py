from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import ConfigurationError
from model.label import Label
from model.student import Features, Observation, Student
from preprocessing.encoder import FeatureEncoder
from preprocessing.longitudinal import recalled, recalled_labels, recalled_observations
from preprocessing.task.columns import Column, IdColumn, Kind, Longitudinal, OutcomeRule
from preprocessing.task.spec import TaskSpec, parse_task
from preprocessing.validation import check_record

START = datetime(2020, 1, 1, tzinfo=UTC)
PLAN = Longitudinal(features=("ida", "lag"))
TASK = TaskSpec(
    name="made_up",
    title="Made up",
    id=IdColumn(name="ra", kind=Kind.CATEGORY),
    features=(
        Column(name="ida", low=0, high=10, monotone=-1),
        Column(name="lag", low=-9, high=9, integer=True),
        Column(name="school", kind=Kind.CATEGORY),
    ),
    longitudinal=PLAN,
    outcome=OutcomeRule(column=Column(name="lag"), below=0),
)

values = st.fixed_dictionaries(
    {}, optional={"ida": st.floats(0, 10), "lag": st.integers(-9, 9).map(float)}
)
years = st.integers(2015, 2024).map(str)
pasts = st.dictionaries(years, values, max_size=8)


def seen(period: str, features: Features, late: int = 0) -> Observation:
    return Observation("RA-1", period, features, START + timedelta(days=late))


def all_of(past: dict[str, Features]) -> list[Observation]:
    return [seen(period, features) for period, features in past.items()]


@given(past=pasts, other=pasts, period=years, own=values)
def test_whatever_is_known_of_the_same_or_a_later_period_changes_nothing(
    past: dict[str, Features], other: dict[str, Features], period: str, own: Features
) -> None:
    earlier = {p: f for p, f in past.items() if p < period}
    not_earlier = {p: f for p, f in other.items() if p >= period}

    assert recalled(PLAN, own, period, all_of(earlier)) == recalled(
        PLAN, own, period, all_of(not_earlier) + all_of(earlier)
    )


@given(past=pasts, period=years, own=values.filter(bool))
def test_what_is_added_keeps_the_bounds_that_the_task_gives_it(
    past: dict[str, Features], period: str, own: Features
) -> None:
    record = recalled(PLAN, own, period, all_of(past))

    assert check_record(TASK, record) == record
    assert {name: record[name] for name in own} == own


def test_each_value_is_what_its_name_says() -> None:
    past = [seen("2020", {"ida": 4.0}), seen("2021", {}), seen("2022", {"ida": 7.0})]
    past += [seen("2023", {"ida": 7.0, "lag": -1.0}), seen("2024", {"ida": 1.0})]

    record = recalled(PLAN, {"ida": 2.0}, "2024", past)

    assert record["ida_previous"] == 7.0
    assert record["ida_mean"] == 6.0
    assert record["ida_spread"] == pytest.approx(2**0.5)
    # Least squares through (2020, 4), (2022, 7), (2023, 7).
    assert record["ida_trend"] == pytest.approx(15 / 14)
    assert (record["ida_seen"], record["lag_seen"]) == (3.0, 1.0)
    assert "lag_spread" not in record
    assert "lag_trend" not in record


def test_periods_that_are_numbers_are_ordered_as_numbers() -> None:
    past = [seen("10", {"ida": 3.0}), seen("9", {"ida": 8.0})]

    assert recalled(PLAN, {}, "11", past)["ida_previous"] == 3.0
    assert recalled(PLAN, {}, "10", past)["ida_previous"] == 8.0


def test_other_periods_are_ordered_as_text_one_step_apart() -> None:
    past = [seen("2023-2", {"ida": 5.0}), seen("2023-1", {"ida": 3.0})]

    record = recalled(PLAN, {}, "2024-1", past)

    assert (record["ida_previous"], record["ida_trend"]) == (5.0, 2.0)


def label(**more: object) -> Label:
    outcome_known = START + timedelta(days=100)
    plain = Label("RA-1", "2024", {"ida": 2.0}, 1.0, outcome_known, outcome_known)
    return replace(plain, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("late", [0, 100, 101])
def test_training_uses_an_earlier_period_whenever_its_file_came(late: int) -> None:
    student = Student("RA-1", (seen("2023", {"ida": 9.0}, late), seen("2024", {"ida": 2.0})))

    (read,) = recalled_labels(PLAN, [label()], {"RA-1": student})

    assert read.features["ida_previous"] == 9.0


def test_a_label_of_a_prediction_keeps_what_the_model_was_given() -> None:
    student = Student("RA-1", (seen("2023", {"ida": 9.0}),))
    served = label(prediction_id="p1")

    assert recalled_labels(PLAN, [served], {"RA-1": student}) == [served]


def test_training_and_serving_add_the_same() -> None:
    observed = (seen("2022", {"ida": 3.0}), seen("2023", {"ida": 9.0}), seen("2024", {"ida": 2.0}))
    known = {"RA-1": Student("RA-1", observed)}

    (trained,) = recalled_labels(PLAN, [label()], known)
    (served,) = recalled_observations(PLAN, observed[-1:], known)

    assert trained.features == served.features


def test_a_student_never_seen_before_has_a_record_all_the_same() -> None:
    (read,) = recalled_labels(PLAN, [label()], {})

    assert read.features == {"ida": 2.0, "ida_seen": 0.0, "lag_seen": 0.0}


def test_the_added_features_are_optional_fields_with_bounds_of_their_own() -> None:
    added = {c.name: c for c in TASK.features if c not in TASK.reported}

    assert list(added)[:5] == [f"ida_{value}" for value in PLAN.values]
    assert (added["ida_spread"].high, added["ida_trend"].low) == (5.0, -10.0)
    assert (added["lag_previous"].integer, added["lag_mean"].integer) == (True, False)
    assert TASK.monotone == {"ida": -1, "ida_previous": -1, "ida_mean": -1}


def test_a_record_without_them_is_filled_in_and_says_so() -> None:
    records: Sequence[Features] = [
        {"ida": 1.0, "ida_previous": 2.0},
        {"ida": 3.0, "ida_previous": 4.0},
    ]
    encoder = FeatureEncoder.fit(TASK, records)

    assert encoder.imputed({"ida": 1.0}) == ("ida_previous",)


@pytest.mark.parametrize("name", ["school", "nobody"])
def test_a_task_that_looks_back_on_what_is_no_number_is_refused(name: str) -> None:
    text = f"""
name: made_up
title: Made up
id: {{name: ra}}
features: [{{name: ida}}, {{name: school, kind: category}}]
longitudinal: {{features: [{name}]}}
outcome: {{column: {{name: lag}}, below: 0}}
"""
    with pytest.raises(ConfigurationError, match=f"longitudinal.features: {name}"):
        parse_task(text, source="made_up.yaml")
