"""Outcomes that have waited too long are dropped with their reports, and nothing else is."""

from __future__ import annotations

import pytest

from database.driver.commands import Op
from database.labelling.expiry import drop_waiting
from database.labelling.linking import join_orphans
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository, OrphanRepository
from database.outcomes import OutcomeRepository
from database.repair import repair
from database.students import StudentRepository
from tests.database.builders import at, observation, outcome
from tests.database.drivers import MongomockRegistry
from tests.database.test_interleavings import PAUSES, with_pause


@pytest.fixture
def registry() -> MongomockRegistry:
    return MongomockRegistry("farol")


def report(registry: MongomockRegistry, student: str, day: float, value: float = 1.0) -> None:
    told = outcome(value, at(day), student_id=student)
    registry.run(record_outcomes([told], now=at(day)))


def counts(registry: MongomockRegistry) -> tuple[int, int, int]:
    """Labels, orphans, reports."""
    kinds = (LabelRepository, OrphanRepository, OutcomeRepository)
    labels, orphans, reports = (registry.run(kind().count()) for kind in kinds)
    return labels, orphans, reports


def test_what_has_waited_too_long_is_dropped_for_good(registry: MongomockRegistry) -> None:
    report(registry, "old", 1)
    report(registry, "new", 9)

    dropped = registry.run(drop_waiting(at(5)))
    registry.run(repair(now=at(10), full=True))

    assert dropped == 1
    assert counts(registry) == (0, 1, 1)


def test_what_was_reported_again_since_waits_on_with_all_its_reports(
    registry: MongomockRegistry,
) -> None:
    report(registry, "RA-1", 1, 1.0)
    report(registry, "RA-1", 9, 0.0)

    assert registry.run(drop_waiting(at(5))) == 0
    assert counts(registry) == (0, 1, 2)


def test_what_a_label_is_made_of_stays_however_old_it_is(registry: MongomockRegistry) -> None:
    registry.run(StudentRepository().observe([observation("RA-1")]))
    report(registry, "RA-1", 1)

    assert registry.run(drop_waiting(at(500))) == 0
    assert counts(registry) == (1, 0, 1)


def test_an_outcome_that_came_for_good_is_taken_anew(registry: MongomockRegistry) -> None:
    report(registry, "RA-1", 1)
    registry.run(drop_waiting(at(5)))
    registry.run(StudentRepository().observe([observation("RA-1")]))

    report(registry, "RA-1", 6)

    assert counts(registry) == (1, 0, 1)


@pytest.mark.parametrize("pause", PAUSES)
def test_features_that_arrive_meanwhile_leave_a_label_with_its_report_or_neither(
    registry: MongomockRegistry, pause: int
) -> None:
    report(registry, "RA-1", 1)

    def features() -> Op[None]:
        yield from StudentRepository().observe([observation("RA-1")])
        yield from join_orphans(now=at(9), student_ids=["RA-1"])

    with_pause(registry, drop_waiting(at(5)), pause, features())

    labels, orphans, reports = counts(registry)
    assert (labels, reports) in {(0, 0), (1, 1)}
    assert orphans == 0
