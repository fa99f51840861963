from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.http.problems import Problem
from api.outcomes import OutcomeReader, items
from model.errors import InvalidRecord
from preprocessing.task.spec import load_task
from tests.api.bundles import NOW

WHO = {"student_id": "RA-1", "period": "2023"}


@pytest.fixture(scope="module")
def reader() -> OutcomeReader:
    return OutcomeReader(load_task("pede_lag"))


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"outcome": 1}, 1.0),
        ({"outcome": 0}, 0.0),
        ({"outcome": True}, 1.0),
        ({"outcome": False}, 0.0),
        ({"defasagem": -1}, 1.0),
        ({"defasagem": 0}, 0.0),
    ],
)
def test_every_form_of_an_outcome_is_read(
    reader: OutcomeReader, given: dict[str, Any], value: float
) -> None:
    outcome = reader.one({**WHO, **given}, now=NOW, source="school")

    assert outcome.value == value
    assert (outcome.student_id, outcome.period, outcome.source) == ("RA-1", "2023", "school")
    assert outcome.observed_at == NOW


def test_a_time_without_a_zone_is_taken_as_utc(reader: OutcomeReader) -> None:
    item = {**WHO, "outcome": 1, "observed_at": "2023-12-01T10:00:00"}

    assert reader.one(item, now=NOW, source="x").observed_at == datetime(
        2023, 12, 1, 10, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({**WHO}, "outcome"),
        ({**WHO, "outcome": 2}, "outcome"),
        ({**WHO, "outcome": "yes"}, "outcome"),
        ({**WHO, "defasagem": 99}, "defasagem"),
        ({**WHO, "outcome": 1, "colour": "red"}, "colour"),
        ({"student_id": "RA-1", "outcome": 1}, "period"),
        ({"period": "2023", "outcome": 1}, "student_id"),
        ({"prediction_id": 3, "outcome": 1}, "prediction_id"),
        ({"prediction_id": "", "outcome": 1}, "prediction_id"),
        ({"prediction_id": "a\0b", "outcome": 1}, "prediction_id"),
        ({"prediction_id": "made-up", "outcome": 1}, "prediction_id"),
        ({"prediction_id": "A" * 32, "outcome": 1}, "prediction_id"),
        ({"prediction_id": "a" * 33, "outcome": 1}, "prediction_id"),
        ({**WHO, "student_id": "", "outcome": 1}, "student_id"),
        ({**WHO, "student_id": "a\0b", "outcome": 1}, "student_id"),
        ({**WHO, "period": "\u0662\u0660\u0662\u0663", "outcome": 1}, "period"),
        ({**WHO, "outcome": 1, "defasagem": 2}, "outcome"),
        ({**WHO, "outcome": 0, "defasagem": -2}, "outcome"),
        ({"prediction_id": "a" * 32, "student_id": "~x", "outcome": 1}, "student_id"),
        ({**WHO, "outcome": 1, "observed_at": "0001-01-01T00:00:00+23:59"}, "observed_at"),
        ({**WHO, "outcome": 1, "observed_at": "9999-12-31T23:59:59-23:59"}, "observed_at"),
        ({**WHO, "outcome": 1, "observed_at": "0001-01-01T00:00:00+00:00"}, "observed_at"),
        ({**WHO, "outcome": 1, "observed_at": "soon"}, "observed_at"),
        ({**WHO, "outcome": 1, "observed_at": str(NOW + timedelta(days=1))}, "observed_at"),
    ],
)
def test_what_is_wrong_with_an_outcome_is_named(
    reader: OutcomeReader, item: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRecord) as error:
        reader.one(item, now=NOW, source="x")

    assert error.value.field == field


def test_one_object_a_list_and_a_wrapped_list_are_the_same() -> None:
    one = {**WHO, "outcome": 1}

    assert items(one) == items([one]) == items({"labels": [one]}) == [one]


def test_too_many_outcomes_at_once_are_refused() -> None:
    with pytest.raises(Problem):
        items([{}] * 10_001)


def test_a_bad_item_does_not_take_the_good_ones_with_it(reader: OutcomeReader) -> None:
    bad = {**WHO, "outcome": 1, "observed_at": "0001-01-01T00:00:00+23:59"}

    read = list(reader.all([{**WHO, "outcome": 1}, bad], now=NOW, source="x"))

    assert [item.outcome is None for item in read] == [False, True]
    assert read[1].reason.startswith("observed_at")


def test_what_is_said_beside_the_prediction_is_kept_to_be_compared(reader: OutcomeReader) -> None:
    item = {**WHO, "prediction_id": "a" * 32, "outcome": 1, "defasagem": -1}

    outcome = reader.one(item, now=NOW, source="x")

    assert (outcome.prediction_id, outcome.student_id, outcome.period) == ("a" * 32, "RA-1", "2023")


def test_the_task_says_whether_an_early_outcome_is_taken() -> None:
    strict = load_task("pede_lag").model_copy(update={"labels": "after_horizon"})

    outcome = OutcomeReader(strict).one({**WHO, "outcome": 1}, now=NOW, source="x")

    assert (outcome.horizon, outcome.after_horizon) == (1, True)
