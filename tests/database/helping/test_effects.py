"""The report on the help's effect, and outcomes without features, on every server and driver."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from database.helping.effects import EffectRepository
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository
from database.mapping.documents import milliseconds
from database.students import StudentRepository
from model.label import KnownOutcome
from tests.database.builders import at, observation, outcome
from tests.database.drivers import Run
from tests.effect_reports import REPORT, SILENT


def test_a_report_comes_back_as_it_was_and_takes_the_place_of_the_former(run: Run) -> None:
    assert run(EffectRepository().current()) is None
    run(EffectRepository().put(SILENT))
    run(EffectRepository().put(REPORT))

    assert run(EffectRepository().current()) == REPORT
    later = replace(REPORT, at=REPORT.at + timedelta(days=1))
    run(EffectRepository().put(later))
    assert run(EffectRepository().current()) == later


def test_outcomes_are_read_without_features_and_those_that_wait_are_none(run: Run) -> None:
    run(StudentRepository().observe([observation("RA-1", "2023")]))
    for student in ("RA-1", "RA-2"):
        said = outcome(student_id=student, period="2023")
        run(record_outcomes([said], now=at(2)))

    found = run(LabelRepository().outcomes_of([("RA-1", "2023"), ("RA-2", "2023")]))

    known = KnownOutcome(said.value, milliseconds(said.observed_at))
    assert found == {("RA-1", "2023"): known}
    assert run(LabelRepository().outcomes_of([])) == {}
