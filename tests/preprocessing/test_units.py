"""Where a student is: read from requests and files alike, kept, and seen by no model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bodies import task_schemas
from api.outcomes import OutcomeReader
from api.payload import RecordReader
from api.units import UnitLimit
from model.errors import ConfigurationError, InvalidRecord
from preprocessing.files.loading import read_tables
from preprocessing.student_ids import LONGEST_ID, key_of, qualify, sent_id, split
from preprocessing.task.spec import TaskSpec, parse_task, task_text
from tests.preprocessing.conftest import NOW, WriteCsv

SCHOOLS = """
unit:
  - {name: school, aliases: [Escola], kind: category, categories: {jp2: [Escola JP II]}}
  - {name: room, kind: category}
"""
FREE = SCHOOLS.replace(", categories: {jp2: [Escola JP II]}", "")
HEADER = "student_id,Escola,room,G1,age,failures,absences,studytime,goout,G3"
CELLS = "7,15,0,2,2,3,12"


def task(more: str = FREE, *, own_ids: bool = False) -> TaskSpec:
    text = task_text("uci_student").replace("\nfeatures:", f"{more}\nfeatures:", 1)
    if own_ids:
        text = text.replace("id:\n", "id:\n  unique_within: unit\n", 1)
    return parse_task(text, source="test")


def test_access_goes_by_the_first_unit_whatever_its_spelling() -> None:
    spec = task()

    assert spec.unit_of({"school": "Ágata  Um", "room": "8A"}) == "agata um"
    assert spec.unit_of({"room": "8A"}) == spec.unit_of({}) == ""
    assert task("").unit_of({"school": "A"}) == ""


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("unit: [{name: school}]", "unit: school: say `kind: category`"),
        ("unit: [{name: age, kind: category}]", "columns named twice: age"),
    ],
)
def test_units_that_are_no_categories_of_their_own_are_refused(more: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        task(more)


def test_ids_that_are_unique_within_a_unit_need_a_unit() -> None:
    with pytest.raises(ConfigurationError, match="the task has no `unit`"):
        task("", own_ids=True)


def test_a_request_may_say_where_the_student_is_and_no_model_sees_it() -> None:
    spec = task(SCHOOLS)
    record = {"student_id": "17", "g1": 7, "school": " escola jp ii ", "room": " 8  A"}

    asked = RecordReader(spec).one(record, "2024")

    assert (asked.units, asked.unit) == ({"school": "jp2", "room": "8 A"}, "jp2")
    assert asked.features == {"g1": 7.0}
    assert (asked.student_id, asked.sent_id) == ("17", "17")
    assert {"school", "room"}.isdisjoint(spec.feature_names)
    assert {"school", "room"} <= task_schemas(spec)["Record"]["properties"].keys()


def test_a_request_need_not_say_where_the_student_is() -> None:
    asked = RecordReader(task()).one({"g1": 7, "room": None}, "2024")

    assert (asked.units, asked.unit) == ({}, "")


@pytest.mark.parametrize(
    ("value", "why"), [(7, "must be text"), ("", "printable"), ("x" * 201, "")]
)
def test_a_unit_that_is_none_is_refused_by_name(value: object, why: str) -> None:
    with pytest.raises(InvalidRecord, match=f"school: .*{why}"):
        RecordReader(task()).one({"g1": 7, "school": value}, "2024")


def test_a_record_without_a_school_takes_the_one_it_is_given() -> None:
    reader, ours = RecordReader(task()), {"school": "A"}

    assert reader.one({"g1": 7}, "2024", ours).units == ours
    assert reader.one({"g1": 7, "room": "8A"}, "2024", ours).units == {"school": "A", "room": "8A"}
    assert reader.one({"g1": 7, "school": "b"}, "2024", ours).units == {"school": "b"}


def test_an_outcome_joins_within_the_unit_it_names_or_is_given() -> None:
    item = {"student_id": "17", "period": "2024", "outcome": 1}

    def unit(item: dict[str, object], limit: UnitLimit | None = None) -> str:
        return OutcomeReader(task(), limit).one(dict(item), now=NOW, source="t").unit

    assert unit(item) == ""
    assert unit(item | {"school": "Ágata"}) == "agata"
    assert unit(item, UnitLimit("school", {"b": "B"})) == "b"
    assert {"school", "room"} <= task_schemas(task())["Label"]["properties"].keys()


def test_a_file_tells_the_units_of_its_students(csv_file: WriteCsv) -> None:
    path = csv_file("s_2024.csv", f"{HEADER}\n1,Ágata ,8A,{CELLS}\n2,,,{CELLS}\n")

    (table,) = read_tables(path, task(), now=NOW)

    assert [(o.units, o.unit) for o in table.observations] == [
        ({"school": "Ágata", "room": "8A"}, "agata"),
        ({}, ""),
    ]
    assert table.batch.columns_ignored == ()
    assert {outcome.unit for outcome in table.outcomes} == {""}
    assert all({"school", "room"}.isdisjoint(o.features) for o in table.observations)


def test_a_file_is_read_again_once_the_task_names_its_units(csv_file: WriteCsv) -> None:
    path = csv_file("s_2024.csv", f"{HEADER}\n1,A,8A,{CELLS}\n")

    before, now, other = (read_tables(path, t, now=NOW)[0] for t in (task(""), task(), task()))

    assert before.batch.batch_id != now.batch.batch_id == other.batch.batch_id


def test_schools_that_number_their_own_students_have_each_their_own(csv_file: WriteCsv) -> None:
    rows = f"1,A,8A,{CELLS}\n1,B,8A,{CELLS}\n1,á,8A,{CELLS}\n1,,8A,{CELLS}\n"
    spec = task(own_ids=True)

    (table,) = read_tables(csv_file("s_2024.csv", f"{HEADER}\n{rows}"), spec, now=NOW)

    keys = [o.student_id for o in table.observations]
    assert keys == [o.student_id for o in table.outcomes] == ["a:1", "b:1"]
    assert [sent_id(spec, key) for key in keys] == ["1", "1"]
    assert [(r.row, r.field, r.reason) for r in table.batch.rejects] == [
        (3, "student", "is the same as in row 1"),
        (4, "school", "is missing; student is unique within it only"),
    ]


def test_a_request_about_a_student_without_a_school_is_refused_where_ids_are_the_schools_own() -> (
    None
):
    spec = task(own_ids=True)
    reader, outcomes = RecordReader(spec), OutcomeReader(spec)
    item = {"student_id": "1", "period": "2024", "outcome": 1}

    asked = reader.one({"student_id": "1", "g1": 7, "school": "B"}, "2024")
    told = outcomes.one(item | {"school": "b "}, now=NOW, source="t")

    assert asked.student_id == told.student_id == "b:1"
    assert asked.sent_id == "1"
    assert reader.one({"g1": 7}, "2024").student_id is None
    with pytest.raises(InvalidRecord, match="school: is missing; student is unique within it"):
        reader.one({"student_id": "1", "g1": 7}, "2024")
    with pytest.raises(InvalidRecord, match="school: is missing; student is unique within it"):
        outcomes.one(item, now=NOW, source="t")


def test_the_longest_id_is_that_of_the_caller_and_not_of_the_key() -> None:
    longest, spec = "x" * LONGEST_ID, task(own_ids=True)
    record = {"student_id": longest, "g1": 7, "school": "s" * 200}

    asked = RecordReader(spec).one(dict(record), "2024")

    assert asked.student_id == f"{'s' * 200}:{longest}"
    with pytest.raises(InvalidRecord, match="1 to 128 printable"):
        RecordReader(spec).one(record | {"student_id": longest + "x"}, "2024")


NAMES = st.text(alphabet="%:~3A257Eab ", min_size=1, max_size=12)


@given(NAMES, NAMES, NAMES, NAMES)
def test_no_two_students_share_a_key(unit: str, name: str, other: str, others: str) -> None:
    key = qualify(name, unit)

    assert split(key) == (unit, name)
    assert key.isprintable() and not key.startswith("~")
    assert (key == qualify(others, other)) == ((unit, name) == (other, others))


def test_a_task_whose_ids_are_unique_knows_a_student_by_the_id() -> None:
    assert key_of(task(), "a:1", {"school": "b"}) == sent_id(task(), "a:1") == "a:1"
