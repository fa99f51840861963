"""Objections hold and are read by whoever learns; what was put right stays right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from database.dossier import dossier_of, within
from database.erasing.erasure import erase_student
from database.erasing.guarded import ErasureGuard
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository
from database.rights import rectifications
from database.rights.objections import ObjectionRepository, without_objecting
from database.rights.rectifications import RectificationRepository
from database.rights.rectifying import NO_OUTCOME, NO_RECORD, SAME, CorrectionWanted, rectify
from database.students import StudentRepository
from database.tombstones import TombstoneRepository
from model.errors import InvalidRecord
from model.label import Outcome
from model.rights.rectification import RecordPart, held, held_outcome, standing
from model.rights.seen import Sight, newest_first, seers
from model.trust.tombstone import TombstoneKey
from tests.database.builders import at, observation, outcome
from tests.database.drivers import MongomockRegistry, Run
from tests.database.rights.builders import objection, rectification, rights_used

KEY = TombstoneKey(b"a data key")
IDA = (RecordPart.FEATURES, "ida")


@pytest.fixture
def fast() -> Run:
    return MongomockRegistry("rights").run


def correction(**changes: Any) -> CorrectionWanted:
    numbers = count()
    values: dict[str, Any] = {
        "student_id": "RA-1",
        "period": "2023",
        "values": {IDA: 7.0},
        "outcome": None,
        "at": at(10),
        "by": "Ana",
        "reason": "read from another row",
        "units": None,
        "new_id": lambda: f"c{next(numbers)}",
    }
    return CorrectionWanted(**{**values, **changes})


def right_outcome(value: float) -> Outcome:
    return Outcome(value, at(10), student_id="RA-1", period="2023", source="Ana")


def test_an_objection_stands_as_it_was_laid_first_until_it_is_lifted(run: Run) -> None:
    objections = ObjectionRepository()
    nobody = run(objections.state())

    first = run(objections.lay(objection()))
    again = run(objections.lay(objection(at=at(3), reason="another")))

    assert first == again == run(objections.get("RA-1"))
    assert run(objections.students()) == {"RA-1"}
    assert run(objections.state()) != nobody
    assert (run(objections.lift("RA-1")), run(objections.lift("RA-1"))) == (True, False)
    assert run(objections.state()) == nobody


def test_who_objects_is_left_out_of_what_is_learned_from(run: Run) -> None:
    seen = [observation("RA-1"), observation("RA-2")]
    assert run(without_objecting(seen)) == seen

    run(ObjectionRepository().lay(objection("RA-1")))

    assert run(without_objecting(seen)) == seen[1:]


def test_a_file_that_names_the_student_again_lifts_no_objection(fast: Run) -> None:
    fast(ObjectionRepository().lay(objection()))
    fast(StudentRepository().observe([observation()]))

    assert fast(ObjectionRepository().students()) == {"RA-1"}


def test_an_erasure_takes_objection_and_rectifications_and_late_ones_do_not_stay() -> None:
    registry = MongomockRegistry("rights", hook=ErasureGuard(KEY))
    registry.run(rights_used("RA-1"))
    registry.run(rights_used("RA-2"))
    registry.run(erase_student("RA-1", now=at(10), tombstone_key=KEY))

    registry.run(rights_used("RA-1"))

    assert registry.run(ObjectionRepository().students()) == {"RA-2"}
    left = registry.run(RectificationRepository().newest(0))
    assert {one.student_id for one in left} == {"RA-2"}


def test_a_student_who_is_taken_again_objects_no_longer(fast: Run) -> None:
    fast(rights_used("RA-1"))
    receipt = fast(erase_student("RA-1", now=at(10), tombstone_key=KEY))
    fast(TombstoneRepository().lift(KEY.of("RA-1")))

    seen = [observation("RA-1")]

    assert receipt.deleted["objections"] == 1
    assert fast(without_objecting(seen)) == seen
    assert fast(ObjectionRepository().state()) == (0, "")


def test_a_unit_reads_that_a_student_objects_and_not_what_was_said_in_another(fast: Run) -> None:
    fast(StudentRepository().observe([replace(observation(), unit="south")]))
    fast(rights_used("RA-1"))
    whole = fast(dossier_of("RA-1"))

    south, north, east = (fast(within(whole, "RA-1", {one})) for one in ("south", "north", "east"))

    assert whole.objection == objection("RA-1")
    assert south.objection == replace(objection("RA-1"), by="", reason="", unit="")
    assert south.corrections == ()
    assert (north.objection, north.corrections) == (whole.objection, whole.corrections)
    assert east.empty


def test_a_value_is_put_right_with_who_why_and_what_stood_there_and_the_label_made_anew(
    run: Run,
) -> None:
    run(StudentRepository().observe([observation()]))
    run(record_outcomes([outcome(1.0, at(5), student_id="RA-1")], now=at(6)))
    was = run(StudentRepository().get("RA-1")).latest

    done = run(rectify(correction()))

    now = run(StudentRepository().get("RA-1")).latest
    assert now.features == {**was.features, "ida": 7.0}
    assert now.observed_at == at(10)
    assert done.after is not None
    assert done.after.latest == now
    (said,) = done.said
    assert (said.field, said.former, said.value) == ("ida", was.features.get("ida"), 7.0)
    assert (said.by, said.reason) == ("Ana", "read from another row")
    assert run(RectificationRepository().of_student("RA-1")) == [said]
    assert run(LabelRepository().of("RA-1", "2023")).features["ida"] == 7.0


def test_an_outcome_is_put_right_and_the_label_keeps_its_former_value(run: Run) -> None:
    run(StudentRepository().observe([observation()]))
    run(record_outcomes([outcome(1.0, at(5), student_id="RA-1")], now=at(6)))

    done = run(rectify(correction(values={}, outcome=right_outcome(0.0))))

    label = run(LabelRepository().of("RA-1", "2023"))
    assert (label.outcome, [one.former for one in label.history]) == (0.0, [1.0])
    assert [(one.part, one.former, one.value) for one in done.said] == [
        (RecordPart.OUTCOME, 1.0, 0.0)
    ]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"period": "2019"}, NO_RECORD),
        ({"units": {"elsewhere"}}, NO_RECORD),
        ({"student_id": "nobody"}, NO_RECORD),
        ({"values": {}, "outcome": right_outcome(1.0)}, NO_OUTCOME),
    ],
)
def test_nothing_is_written_where_there_is_nothing_to_put_right(
    fast: Run, changes: dict[str, Any], why: str
) -> None:
    fast(StudentRepository().observe([observation()]))

    with pytest.raises(InvalidRecord, match=why.split("(")[0].strip()):
        fast(rectify(correction(**changes)))

    assert fast(RectificationRepository().count()) == 0


def test_the_value_that_stands_there_is_no_correction(fast: Run) -> None:
    fast(StudentRepository().observe([replace(observation(), features={"ida": 7.0})]))

    with pytest.raises(InvalidRecord, match=SAME):
        fast(rectify(correction()))
    with pytest.raises(InvalidRecord, match="without any indicator"):
        fast(rectify(correction(values={IDA: None})))


def test_a_correction_stands_though_the_clock_went_back(fast: Run) -> None:
    fast(StudentRepository().observe([replace(observation(), observed_at=at(20))]))

    fast(rectify(correction(at=at(10))))

    now = fast(StudentRepository().get("RA-1")).latest
    assert (now.features["ida"], now.observed_at) == (7.0, at(20) + timedelta(milliseconds=1))


@pytest.mark.parametrize(
    ("reported", "kept"),
    [({"ida": 1.0, "ieg": 3.0}, {"ida": 7.0, "ieg": 3.0}), ({"ida": 2.0}, {"ida": 2.0}), ({}, {})],
)
def test_a_file_that_repeats_the_error_is_put_right_and_news_stands(
    reported: dict[str, float], kept: dict[str, float]
) -> None:
    stands = standing([rectification()])

    assert held(replace(observation(), features=reported), stands).features == kept


def test_what_was_put_right_last_is_what_holds() -> None:
    first = rectification(value=5.0)
    last = rectification("c2", former=5.0, value=7.0, at=first.at + timedelta(days=1))

    (one,) = standing([last, first])[("RA-1", "2023")]

    assert one is last


def test_an_outcome_of_a_file_that_repeats_the_error_is_put_right() -> None:
    stands = standing(
        [rectification(part=RecordPart.OUTCOME, field="outcome", former=1.0, value=0.0)]
    )
    said = right_outcome(1.0)

    assert held_outcome(said, stands).value == 0.0
    assert held_outcome(replace(said, period="2022"), stands).value == 1.0


def test_of_many_rectifications_those_of_a_files_students_are_read(
    fast: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rectifications, "FEW", 1)
    said = [rectification(f"c{i}", f"RA-{i}") for i in range(3)]
    fast(RectificationRepository().add_many(said))

    assert fast(RectificationRepository().standing_of(["RA-1"])) == {("RA-1", "2023"): (said[1],)}


def test_who_has_seen_is_told_by_whoever_was_there_last() -> None:
    days = [datetime(2024, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
    sights = [
        Sight(days[0], "maria", "person", "opened"),
        Sight(days[2], "maria", "person", "opened"),
        Sight(days[1], "city", "", "predict"),
    ]

    assert [one.at for one in newest_first(sights)] == days[::-1]
    told = [(one.actor, one.times, one.first, one.last) for one in seers(sights)]
    assert told == [("maria", 2, days[0], days[2]), ("city", 1, days[1], days[1])]
