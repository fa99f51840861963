"""An outcome joins only what was known before it was first observed, on every server and driver."""

from __future__ import annotations

from datetime import datetime

import pytest

from database.labelling.linking import join_orphans
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository, OrphanRepository
from database.predictions import PredictionRepository
from database.repair import repair
from database.students import StudentRepository
from model.errors import NotFound
from model.label import JoinStatus, Outcome
from tests.database.builders import at, observation, outcome, prediction
from tests.database.drivers import Run


def report(run: Run, told: Outcome, day: float) -> JoinStatus:
    (decision,) = run(record_outcomes([told], now=at(day)))
    return decision.status


@pytest.mark.parametrize("again", [at(1), at(3)])
def test_a_repeated_outcome_does_not_join_a_prediction_made_after_it(
    run: Run, again: datetime
) -> None:
    assert report(run, outcome(observed_at=at(1)), 1) is JoinStatus.ORPHANED
    run(PredictionRepository().add_many([prediction("p1", created_at=at(2))]))

    assert report(run, outcome(observed_at=again), 3) is JoinStatus.DUPLICATE
    assert run(LabelRepository().count()) == 0
    assert run(repair(now=at(4), full=True)).joined == 0
    assert run(OrphanRepository().count()) == 1


def test_naming_the_later_prediction_does_not_join_it_either(run: Run) -> None:
    report(run, outcome(observed_at=at(1)), 1)
    run(PredictionRepository().add_many([prediction("p1", created_at=at(2))]))

    named = outcome(observed_at=at(3), prediction_id="p1")

    assert report(run, named, 3) is JoinStatus.DUPLICATE
    with pytest.raises(NotFound):
        run(LabelRepository().of("RA-1", "2023"))


def test_the_schools_own_observation_is_joined_instead(run: Run) -> None:
    report(run, outcome(observed_at=at(1)), 1)
    run(PredictionRepository().add_many([prediction("p1", created_at=at(2))]))
    report(run, outcome(observed_at=at(3)), 3)

    run(StudentRepository().observe([observation(observed_at=at(4))]))
    run(join_orphans(now=at(4), student_ids=["RA-1"]))

    label = run(LabelRepository().of("RA-1", "2023"))
    assert (label.features, label.prediction_id) == ({"inde": 6.0}, None)


def test_an_earlier_report_that_comes_late_takes_the_label_off_its_prediction(run: Run) -> None:
    run(PredictionRepository().add_many([prediction("p1", created_at=at(2))]))
    assert report(run, outcome(observed_at=at(3)), 3) is JoinStatus.JOINED

    report(run, outcome(observed_at=at(1)), 4)

    assert run(LabelRepository().window(arrived_until=at(9), limit=0)) == []
    assert run(LabelRepository().count()) == len(run(LabelRepository().newest(9))) == 0
    assert [orphan.outcome for orphan in run(OrphanRepository().newest(0))] == [1.0]

    run(StudentRepository().observe([observation(observed_at=at(5))]))
    run(join_orphans(now=at(5), student_ids=["RA-1"]))

    assert run(LabelRepository().of("RA-1", "2023")).features == {"inde": 6.0}
    assert run(OrphanRepository().count()) == 0
