from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from model.erasing.record_ids import Learned, record_id
from model.errors import NotEnoughData
from model.options import RunOptions
from preprocessing.dataset import TrainingSet
from retraining.promotion.ranking import Floats
from retraining.run.plan import applied
from retraining.run.window import (
    baseline_answers,
    check_trainable,
    describe,
    forward_holdout,
    fresh_mask,
)
from tests.retraining.school import task


def data(outcome: Floats, periods: list[str]) -> TrainingSet:
    n = len(outcome)
    return TrainingSet(
        records=tuple({"late": float(i % 3 - 1)} for i in range(n)),
        outcome=outcome,
        students=np.array([f"S{i}" for i in range(n)]),
        periods=np.array(periods),
        protected={},
    )


def halves(n: int) -> Floats:
    return np.tile([0.0, 1.0], n // 2)


def test_one_class_only_is_no_data_to_train_on() -> None:
    with pytest.raises(NotEnoughData, match="all 200 labelled records are at risk"):
        check_trainable(data(np.ones(200), ["2022"] * 200), task())
    with pytest.raises(NotEnoughData, match="all 200 labelled records are not at risk"):
        check_trainable(data(np.zeros(200), ["2022"] * 200), task())


def test_nine_students_at_risk_are_too_few_to_learn_from() -> None:
    outcome = np.zeros(500)
    outcome[:9] = 1

    with pytest.raises(NotEnoughData, match="9 of 500 labelled records are at risk"):
        check_trainable(data(outcome, ["2022"] * 500), task())


def test_fresh_are_the_records_whose_hashed_id_the_champion_did_not_learn_from() -> None:
    sample = data(halves(4), ["2022", "2022", "2023", "2023"])

    fresh = fresh_mask(sample, Learned({record_id("S1", "2022"), record_id("S2", "2022")}))

    assert fresh.tolist() == [True, False, True, True]


def test_the_forward_holdout_is_the_newest_period() -> None:
    sample = data(halves(400), ["2022"] * 250 + ["2023"] * 150)

    newest = forward_holdout(sample, task())

    assert newest is not None
    assert set(sample.periods[newest]) == {"2023"}


@pytest.mark.parametrize(
    "periods",
    [["2022"] * 400, ["2022"] * 50 + ["2023"] * 350, ["2022"] * 350 + ["2023"] * 50],
    ids=["one period", "too little past", "too little to test on"],
)
def test_there_is_no_forward_holdout_where_either_side_is_too_small(periods: list[str]) -> None:
    assert forward_holdout(data(halves(400), periods), task()) is None


def test_persistence_flags_whoever_is_at_risk_now_and_nobody_of_whom_that_is_unknown() -> None:
    sample = data(halves(4), ["2022"] * 4)
    unknown = TrainingSet(
        ({"late": -1.0}, {"late": 0.0}, {}, {"late": -2.0}),
        sample.outcome,
        sample.students,
        sample.periods,
        {},
    )

    flags = baseline_answers(unknown, task())

    assert flags["persistence"].tolist() == [1.0, 0.0, 0.0, 1.0]
    assert flags["dummy"].tolist() == [0.5] * 4


def test_the_window_remembers_what_was_seen_and_until_when() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    sample = data(halves(4), ["2022", "2022", "2023", "2023"])

    window = describe(sample, now)

    assert (window.periods, window.rows, window.positives) == (("2022", "2023"), 4, 2)
    assert (window.digest, window.arrived_until) == (sample.digest(), now)


def test_options_change_the_task_only_where_they_are_given() -> None:
    spec = task()

    assert applied(RunOptions(), spec) == spec
    changed = applied(RunOptions(window=7, min_recall_gain=0.2), spec)
    assert changed.training.window == 7
    assert changed.promotion.min_recall_gain == 0.2
    assert changed.promotion.confidence == spec.promotion.confidence
