"""Units in the join of outcomes: what a report sees, and whose facts make the label."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from model.label import JoinStatus, Label, OrphanLabel, Outcome
from model.labels.facts import DatedFeatures, Filed, JoinDecision, Known, Report
from model.labels.filing import file_outcome, may_join
from model.labels.join import join, orphans, standing, view, with_report
from model.labels.units import candidates, visible_to
from model.student import Observation
from tests.database.builders import at, observation, prediction

PUPIL = replace(observation(), units={"school": "North"}, unit="north")
NOWHERE = observation()


def report(unit: str, value: float = 1.0, observed: float = 2, arrived: float = 5) -> Report:
    return Report(value, at(observed), at(arrived), source=unit or None, unit=unit)


def served(unit: str, day: float = 1, name: str = "p1") -> DatedFeatures:
    return DatedFeatures(
        at(day), {"inde": day}, name, units={"room": "1"} if unit else {}, unit=unit
    )


def known(
    *reports: Report, served: tuple[DatedFeatures, ...] = (), observed: Observation | None = None
) -> Known:
    return Known("RA-1", "2023", reports, served, observed)


def label(facts: Known) -> Label:
    made = view(facts)
    assert isinstance(made, Label), made
    return made


def units_waiting(facts: Known) -> list[tuple[str, float]]:
    return [(one.unit, one.outcome) for one in orphans(facts, standing(facts))]


def test_a_report_of_a_unit_sees_records_and_reports_of_that_unit_only() -> None:
    ours, theirs, anybodys = report("north"), report("south"), report("")
    facts = known(
        ours, theirs, anybodys, served=(served("north"), served("south"), served("")),
        observed=NOWHERE,
    )  # fmt: skip

    seen = visible_to("north", facts)

    assert (seen.reports, seen.predictions, seen.observation) == ((ours,), (served("north"),), None)
    assert visible_to("", facts) is facts


def test_where_a_file_says_that_the_student_is_there_it_sees_what_was_reported_without_a_unit() -> (
    None
):
    facts = known(report("north"), report("south"), report(""), observed=PUPIL)

    seen = visible_to("north", facts)

    assert (seen.reports, seen.observation) == ((report("north"), report("")), PUPIL)
    assert visible_to("south", facts).reports == (report("south"),)
    assert visible_to("south", facts).observation is None


def test_a_unit_that_the_schools_observation_alone_names_is_that_of_the_facts() -> None:
    facts = known(report(""), served=(served(""),), observed=PUPIL)

    assert candidates(facts) == (replace(facts, unit="north"),)


def test_without_units_all_facts_are_as_they_were() -> None:
    facts = known(report(""), served=(served(""),), observed=NOWHERE)

    assert candidates(facts) == (facts,)
    assert standing(facts) is facts


def test_the_observation_decides_the_unit_alone() -> None:
    facts = known(
        report("south"), served=(served("south", 0), served("north", 1, "p2")), observed=PUPIL
    )

    assert [one.unit for one in candidates(facts)] == ["north"]
    assert standing(facts) is None
    assert units_waiting(facts) == [("south", 1.0)]


def test_without_one_the_unit_of_the_earliest_prediction_comes_first_and_none_last() -> None:
    three = (served("north", 2, "p1"), served("south", 1, "p3"), served("", 0, "p0"))
    tie = (served("north", 1, "p2"), served("south", 1, "p1"))

    for order in permutations(three):
        found = candidates(known(served=order, observed=NOWHERE))
        assert [one.unit for one in found] == ["south", "north", ""]
        assert [one.observation for one in found] == [None, None, NOWHERE]
        assert [len(one.predictions) for one in found] == [1, 1, 1]
    for order in permutations(tie):
        assert [one.unit for one in candidates(known(served=order))] == ["south", "north", ""]


def test_a_unit_whose_reports_meet_no_features_leaves_the_label_to_the_next() -> None:
    first = (served("south", 0), served("north", 1, "p2"))

    assert label(known(report("north"), served=first)).unit == "north"
    assert label(known(report("north"), report("south"), served=first)).unit == "south"
    late = known(report(""), served=(served("south", 3),), observed=NOWHERE)
    assert (label(late).unit, label(late).prediction_id) == ("", None)


def test_predictions_without_a_unit_are_where_the_observation_says() -> None:
    made = label(known(report("north"), served=(served(""),), observed=PUPIL))

    assert (made.prediction_id, made.unit, made.units) == ("p1", "north", {"school": "North"})
    assert standing(known(report("north"), served=(served(""),), observed=NOWHERE)) is None


def test_a_label_tells_where_the_record_of_its_features_was() -> None:
    both = label(known(report(""), served=(served("north"),), observed=PUPIL))
    alone = label(known(report("north"), served=(served("north"),), observed=NOWHERE))

    assert both.units == {"school": "North", "room": "1"}
    assert alone.units == {"room": "1"}
    assert both.protected == alone.protected == PUPIL.protected


def test_only_reports_that_the_label_sees_decide_when_the_outcome_was_first_observed() -> None:
    early = report("south", observed=0)

    made = label(known(early, report("north"), served=(served("north"),)))

    assert (made.prediction_id, made.outcome, made.history) == ("p1", 1.0, ())
    assert standing(known(early, report(""), served=(served("north"),))) is not None
    assert standing(known(report("north", observed=0), served=(served("north"),))) is None


def test_what_joins_nothing_waits_by_the_unit_it_came_from() -> None:
    facts = known(report("south", 0.0), report("", 1.0), report("north", 0.5))

    assert units_waiting(facts) == [("", 1.0), ("north", 0.5), ("south", 0.0)]
    assert isinstance(view(facts), OrphanLabel)
    joined = replace(facts, observation=PUPIL)
    assert units_waiting(joined) == [("south", 0.0)]
    assert orphans(known(), None) == ()


@pytest.mark.parametrize(
    "foreign",
    [
        known(served=(served("south"),)),
        known(report("south"), served=(served("south"),)),
        known(report("", 0.0), observed=replace(PUPIL, unit="south")),
        known(report("", 0.0), report("south"), served=(served(""),), observed=NOWHERE),
    ],
)
def test_the_answer_is_the_same_as_for_a_student_that_nobody_knows(foreign: Known) -> None:
    first, again, other = report("north"), report("north", arrived=6), report("north", 0.0, 3, 7)

    def answers(facts: Known) -> list[JoinDecision]:
        said = []
        for one in (first, again, other):
            said.append(join(one, facts))
            facts = with_report(facts, one)
        return said

    assert answers(foreign) == answers(known())
    assert [one.status for one in answers(known())] == [
        JoinStatus.ORPHANED,
        JoinStatus.DUPLICATE,
        JoinStatus.CORRECTED,
    ]


def test_a_report_without_a_unit_is_compared_with_the_label_that_stands() -> None:
    facts = known(report("north"), served=(served("north"),))

    assert join(report("", 1.0, arrived=6), facts).status is JoinStatus.DUPLICATE
    assert join(report("", 0.0, arrived=6), facts).status is JoinStatus.CORRECTED
    assert join(report(""), known(report("south"))).status is JoinStatus.ORPHANED


@pytest.mark.parametrize(
    ("unit", "of", "knows"),
    [
        ("north", "north", True),
        ("", "north", True),
        ("north", "south", False),
        ("north", "", False),
    ],
)
def test_an_outcome_names_a_prediction_of_its_unit_or_one_it_does_not_know(
    unit: str, of: str, knows: bool
) -> None:
    named = replace(prediction("p1"), unit=of)
    told = Outcome(1.0, at(1), prediction_id="p1", student_id="RA-2", unit=unit)

    found = file_outcome(told, named, at(2))

    if knows:
        assert isinstance(found, JoinDecision) and "another student" in found.reason
    else:
        assert isinstance(found, Filed) and (found.student_id, found.period) == ("~p1", "")
        assert found == file_outcome(told, None, at(2))
    waiting = Filed("~p1", "", Report(1.0, at(1), at(2), unit=unit), "p1")
    assert may_join(waiting, named) is knows
