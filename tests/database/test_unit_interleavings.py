"""Two writers of different units on one student: each pause of the one, all of the other inside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from database.driver.commands import Find, InsertMany, Op
from database.labelling.join import settle
from database.labelling.linking import join_orphans
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository, OrphanRepository
from database.predictions import PredictionRepository
from database.repair import repair
from database.students import StudentRepository
from model.label import Label, OrphanLabel
from tests.database.builders import START, at, observation
from tests.database.drivers import MongomockRegistry
from tests.database.histories import Observed
from tests.database.test_histories import empty
from tests.database.test_interleavings import PAUSES, with_pause
from tests.database.test_unit_histories import of, told

SUBJECT = ("RA-1", "2023")


def outcomes(*reported: Any, day: float = 6) -> Op[Any]:
    return record_outcomes(reported, now=at(day))


def serve(registry: MongomockRegistry, unit: str, name: str, day: float) -> None:
    served = replace(of(unit, name, "RA-1"), created_at=at(day))
    registry.run(PredictionRepository().add_many([served]))


def stands(registry: MongomockRegistry) -> tuple[list[Label], list[OrphanLabel]]:
    orphans = registry.run(OrphanRepository().newest(0))
    return registry.run(LabelRepository().newest(0)), sorted(orphans, key=lambda o: o.unit)


def as_the_facts_say(registry: MongomockRegistry) -> tuple[list[Label], list[OrphanLabel]]:
    found = stands(registry)
    registry.run(repair(now=at(9), full=True))
    assert stands(registry) == found
    return found


@pytest.mark.parametrize("pause", PAUSES)
def test_a_report_that_takes_the_label_out_of_its_unit_is_not_overtaken(pause: int) -> None:
    registry = empty()
    registry.run(StudentRepository().observe([observation()]))
    registry.run(outcomes(told("", 0.0, observed=5)))
    serve(registry, "north", "p1", 3)

    with_pause(registry, settle([SUBJECT]), pause, outcomes(told("north", 1.0, observed=1)))

    ((label,), (orphan,)) = as_the_facts_say(registry)
    assert (label.unit, label.outcome, orphan.unit) == ("", 0.0, "north")


@pytest.mark.parametrize("pause", PAUSES)
def test_a_file_that_moves_a_student_meets_a_report_from_there(pause: int) -> None:
    registry = empty()
    serve(registry, "north", "p1", 0)
    registry.run(outcomes(told("north", 1.0)))

    moved = Observed(*SUBJECT, 2.0, "south").tell(at(7))
    with_pause(registry, moved, pause, outcomes(told("south", 0.0)))

    ((label,), (orphan,)) = as_the_facts_say(registry)
    assert (label.unit, label.outcome, orphan.unit) == ("south", 0.0, "north")


@pytest.mark.parametrize("pause", PAUSES)
def test_a_file_from_another_unit_bars_a_label_that_is_just_being_made(pause: int) -> None:
    registry = empty()
    serve(registry, "north", "p2", 8)
    registry.run(outcomes(told("north", 1.0)))
    serve(registry, "north", "p1", 0)

    joining = join_orphans(now=at(8), student_ids=["RA-1"])
    with_pause(registry, joining, pause, Observed(*SUBJECT, 2.0, "south").tell(at(7)))

    labels, (orphan,) = as_the_facts_say(registry)
    assert (labels, orphan.unit) == ([], "north")


def test_what_waited_before_there_were_units_joins_and_leaves() -> None:
    registry = empty()
    registry.run(outcomes(told("", 1.0)))
    (stored,) = registry.execute(Find("orphan_labels", {}))
    del stored["unit"]
    aged = empty()
    for name, rows in (
        ("orphan_labels", [stored]),
        ("outcomes", registry.execute(Find("outcomes", {}))),
    ):
        aged.execute(InsertMany(name, rows))

    aged.run(StudentRepository().observe([observation(observed_at=START)]))

    assert aged.run(join_orphans(now=at(8), student_ids=["RA-1"])) == 1
    assert [label.unit for label in stands(aged)[0]] == [""]
    assert stands(aged)[1] == []
