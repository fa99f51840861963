"""A bulk is what its items sent one by one are, on every server and driver."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from database.labelling.linking import join_orphans
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.label import JoinStatus, Label, Outcome
from tests.database.builders import at, observation, outcome, prediction
from tests.database.drivers import MongomockRegistry, Run

NOW = at(10)

Told = tuple[float, datetime | None]
"""A value, and when it was observed; None: the sender did not say."""

BULKS: tuple[tuple[Told, ...], ...] = (
    ((1.0, None), (0.0, None)),
    ((0.0, None), (1.0, None)),
    ((1.0, None), (0.0, None), (1.0, None)),
    ((1.0, at(1)), (0.0, at(1))),
    ((0.0, at(2)), (1.0, at(1))),
    ((1.0, at(1)), (0.0, at(1)), (1.0, at(1))),
    ((1.0, at(1)), (0.0, None), (1.0, at(1)), (1.0, None)),
)


@pytest.mark.parametrize("bulk", BULKS)
def test_a_bulk_ends_where_its_items_sent_singly_end(bulk: tuple[Told, ...]) -> None:
    together, singly = _with_prediction(), _with_prediction()

    told = [_outcome(value, observed or NOW) for value, observed in bulk]
    statuses = [d.status for d in together.run(record_outcomes(told, now=NOW))]
    one_by_one = []
    for number, (value, observed) in enumerate(bulk):
        now = NOW + timedelta(milliseconds=number)
        (decision,) = singly.run(record_outcomes([_outcome(value, observed or now)], now=now))
        one_by_one.append(decision.status)

    assert statuses == one_by_one
    assert _stands(together) == _stands(singly)


def test_the_last_of_a_bulk_stands(run: Run) -> None:
    run(PredictionRepository().add_many([prediction("p1")]))

    told = [_outcome(1.0, NOW), _outcome(0.0, NOW)]
    decisions = run(record_outcomes(told, now=NOW))

    assert [d.status for d in decisions] == [JoinStatus.JOINED, JoinStatus.CORRECTED]
    assert run(LabelRepository().of("RA-1", "2023")).outcome == 0.0


def test_the_order_of_a_bulk_outlives_the_prediction_that_comes_late(run: Run) -> None:
    run(record_outcomes([_outcome(1.0, NOW), _outcome(0.0, NOW)], now=NOW))

    run(PredictionRepository().add_many([prediction("p1")]))
    run(join_orphans(now=NOW, prediction_ids=["p1"]))

    assert run(LabelRepository().of("RA-1", "2023")).outcome == 0.0


def test_the_order_holds_over_the_parts_of_a_long_bulk(run: Run) -> None:
    run(StudentRepository().observe([observation()]))
    filler = [outcome(student_id=f"S-{number}") for number in range(1_000)]

    run(record_outcomes([outcome(1.0, NOW), *filler, outcome(0.0, NOW)], now=NOW))

    assert run(LabelRepository().of("RA-1", "2023")).outcome == 0.0


def _with_prediction() -> MongomockRegistry:
    registry = MongomockRegistry("farol")
    registry.run(PredictionRepository().add_many([prediction("p1")]))
    return registry


def _outcome(value: float, observed_at: datetime) -> Outcome:
    return outcome(value, observed_at, prediction_id="p1")


def _stands(registry: MongomockRegistry) -> tuple[float, list[float]]:
    label: Label = registry.run(LabelRepository().of("RA-1", "2023"))
    return label.outcome, [former.former for former in label.history]
