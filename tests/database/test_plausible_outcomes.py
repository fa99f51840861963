"""An outcome that cannot be is refused with the reason; an early one is kept and told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from database.driver.commands import Document, Find, Op
from database.labelling.linking import join_orphans
from database.labelling.pending import PendingJoinRepository
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository, OrphanRepository
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.label import JoinStatus, Outcome
from tests.database.builders import START, at, observation, outcome, prediction
from tests.database.drivers import MongomockRegistry, Run

NEXT_YEAR = 366.0


@pytest.mark.parametrize(
    ("reported", "reason"),
    [
        (outcome(period="2031"), "period: 2031 lies in the future"),
        (outcome(observed_at=at(-500)), "observed_at: lies before period 2023 began"),
        (outcome(prediction_id="future"), "period: 2031 lies in the future"),
        (replace(outcome(prediction_id="p1"), student_id="RA-2"), "student_id: the prediction is"),
        (replace(outcome(prediction_id="p1"), period="2022"), "period: the prediction is about"),
        (
            replace(outcome(period="2024"), horizon=1, after_horizon=True),
            "observed_at: lies before 2025, whose outcome it is",
        ),
    ],
)
def test_an_implausible_outcome_is_refused_and_leaves_nothing(
    run: Run, reported: Outcome, reason: str
) -> None:
    run(PredictionRepository().add_many([prediction("p1"), prediction("future", period="2031")]))

    (decision,) = run(record_outcomes([reported], now=at(9)))

    assert decision.status is JoinStatus.REJECTED
    assert decision.reason.startswith(reason)
    for collection in ("outcomes", "labels", "orphan_labels", PendingJoinRepository.collection):
        assert run(_all(collection)) == []


def test_a_refused_outcome_among_good_ones_leaves_no_note(run: Run) -> None:
    run(StudentRepository().observe([observation()]))

    decisions = run(record_outcomes([outcome(), outcome(period="2031")], now=at(9)))

    assert [d.status for d in decisions] == [JoinStatus.JOINED, JoinStatus.REJECTED]
    assert run(_all(PendingJoinRepository.collection)) == []


@pytest.mark.parametrize(("student_id", "period"), [("RA-2", None), (None, "2022")])
def test_what_contradicts_a_prediction_that_comes_late_is_nobodys_label(
    run: Run, student_id: str | None, period: str | None
) -> None:
    told = Outcome(1.0, at(5), "p1", student_id, period)
    assert run(record_outcomes([told], now=at(5)))[0].status is JoinStatus.ORPHANED

    run(PredictionRepository().add_many([prediction("p1")]))
    run(join_orphans(now=at(6), prediction_ids=["p1"]))

    assert run(LabelRepository().count()) == 0


def test_a_student_may_be_added_to_a_prediction_that_named_none(run: Run) -> None:
    run(PredictionRepository().add_many([prediction("p1", None)]))

    (decision,) = run(
        record_outcomes([replace(outcome(prediction_id="p1"), student_id="RA-1")], now=at(5))
    )

    assert decision.status is JoinStatus.JOINED
    assert run(LabelRepository().of("~p1", "2023")).outcome == 1.0


def test_an_outcome_from_before_its_period_is_kept_and_called_early(run: Run) -> None:
    run(PredictionRepository().add_many([prediction("p1", period="2024")]))
    early = replace(outcome(prediction_id="p1"), horizon=1)

    (decision,) = run(record_outcomes([early], now=START))

    assert (decision.status, decision.early) == (JoinStatus.JOINED, True)
    assert run(LabelRepository().of("RA-1", "2024")).early


def test_an_early_outcome_that_is_confirmed_in_its_period_is_early_no_more(run: Run) -> None:
    run(PredictionRepository().add_many([prediction("p1", period="2024")]))
    run(record_outcomes([replace(outcome(prediction_id="p1"), horizon=1)], now=START))

    late = replace(outcome(observed_at=at(NEXT_YEAR), prediction_id="p1"), horizon=1)
    (decision,) = run(record_outcomes([late], now=at(NEXT_YEAR)))

    assert (decision.status, decision.early) == (JoinStatus.DUPLICATE, False)
    assert not run(LabelRepository().of("RA-1", "2024")).early


def test_after_horizon_holds_for_a_prediction_that_comes_late_too(run: Run) -> None:
    told = Outcome(1.0, at(5), prediction_id="p1", horizon=1, after_horizon=True)
    run(record_outcomes([told], now=at(5)))

    run(PredictionRepository().add_many([prediction("p1", period="2024")]))
    run(join_orphans(now=at(6), prediction_ids=["p1"]))

    assert run(LabelRepository().count()) == 0


def test_periods_that_are_no_years_are_not_judged() -> None:
    registry = MongomockRegistry("farol")
    told = replace(outcome(period="9"), horizon=1, after_horizon=True)

    (decision,) = registry.run(record_outcomes([told], now=at(9)))

    assert (decision.status, decision.early) == (JoinStatus.ORPHANED, False)


def test_made_up_ids_are_refused_beyond_what_may_wait(run: Run) -> None:
    run(StudentRepository().observe([observation("known")]))
    flood = [outcome(student_id=f"S-{number}") for number in range(30)]

    decisions = run(
        record_outcomes([*flood, outcome(student_id="known")], now=at(9), most_waiting=20)
    )
    again = run(record_outcomes([outcome(student_id="S-99")], now=at(9), most_waiting=20))
    repeated = run(record_outcomes([flood[0]], now=at(9), most_waiting=20))

    statuses = [d.status for d in decisions]
    assert statuses == [JoinStatus.ORPHANED] * 20 + [JoinStatus.REJECTED] * 10 + [JoinStatus.JOINED]
    assert "send the features first" in decisions[25].reason
    assert again[0].status is JoinStatus.REJECTED
    assert repeated[0].status is JoinStatus.DUPLICATE
    assert run(OrphanRepository().count()) == 20
    assert run(_all(PendingJoinRepository.collection)) == []


def test_the_same_report_again_doubles_nothing(run: Run) -> None:
    run(StudentRepository().observe([observation()]))
    told = [outcome(1.0, at(1)), outcome(0.0, at(2))]

    for _ in range(3):
        run(record_outcomes(told, now=at(9)))

    assert len(run(_all("outcomes"))) == 2
    assert run(LabelRepository().of("RA-1", "2023")).outcome == 0.0
    assert run(_all(PendingJoinRepository.collection)) == []


def _all(collection: str) -> Op[list[Document]]:
    found: list[Document] = yield Find(collection, {})
    return found
