"""What callers say was done is read strictly, and a wrong field is named."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from api.helping.reading import Speaker, begun, read_action, read_assignment, read_intervention
from api.helping.student import StudentPlace
from model.errors import InvalidRecord
from model.helping.action import ActionKind
from model.helping.intervention import Intervention
from preprocessing.task.helping import InterventionKind
from preprocessing.task.spec import TaskSpec, load_task
from tests.database.builders import START

TASK = load_task("pede_lag").model_copy(
    update={"interventions": (InterventionKind(name="tutoring"),)}
)
FREE = TASK.model_copy(update={"interventions": ()})
WHERE = StudentPlace("2023", "north")
ANA = Speaker("Ana", START, date(2024, 3, 1))
NEW = {"kind": "tutoring", "start": "2024-03-04"}


def help_of(
    body: dict[str, Any], was: Intervention | None = None, task: TaskSpec = TASK
) -> Intervention:
    return read_intervention(task, body, was or begun(body, "RA-1", WHERE, ANA), ANA)


def test_an_action_is_the_callers_in_the_place_of_the_student() -> None:
    said = {"kind": "acted", "note": " rang  ", "next_on": "2024-04-02", "action_id": "a" * 32}

    found = read_action(said, "RA-1", WHERE, ANA)

    assert (found.student_id, found.period, found.unit, found.by) == (
        "RA-1", "2023", "north", "Ana",
    )  # fmt: skip
    assert (found.action_id, found.kind, found.note, found.next_on, found.at) == (
        "a" * 32, ActionKind.ACTED, "rang", date(2024, 4, 2), START,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", None),
        ("kind", "helped"),
        ("kind", ["seen"]),
        ("note", 5),
        ("note", "x" * 2_001),
        ("note", "bell \x07"),
        ("next_on", "tomorrow"),
        ("next_on", "2024-02-28"),
        ("next_on", "20240402"),
        ("next_on", "2031-01-01"),
        ("action_id", "2024-03-01"),
        ("action_id", "a"),
        ("by", "Bia"),
    ],
)
def test_a_field_of_an_action_that_is_wrong_is_named(field: str, value: object) -> None:
    with pytest.raises(InvalidRecord) as raised:
        read_action({"kind": "seen", field: value}, "RA-1", WHERE, ANA)

    assert raised.value.field == field


def test_a_note_may_have_lines_and_accents() -> None:
    said = {"kind": "seen", "note": "avó ligou\nvolta amanhã"}

    assert read_action(said, "RA-1", WHERE, ANA).note == said["note"]


def test_what_is_not_said_of_help_again_stays_and_null_takes_away() -> None:
    first = help_of(NEW | {"end": "2024-06-01", "dose": 2, "note": "Tuesdays"})
    after = help_of({"dose": 3.5}, first)
    open_again = help_of({"end": None, "note": None}, first)

    assert (first.kind, first.start, first.end) == ("tutoring", date(2024, 3, 4), date(2024, 6, 1))
    assert (after.dose, after.end, after.note) == (3.5, date(2024, 6, 1), "Tuesdays")
    assert (open_again.end, open_again.note, open_again.dose) == (None, "", 2.0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "magic"),
        ("kind", None),
        ("start", None),
        ("start", "1920-01-01"),
        ("end", "2024-03-03"),
        ("dose", -1),
        ("dose", True),
        ("dose", float("nan")),
        ("dose", "two"),
        ("period", "2023"),
    ],
)
def test_a_field_of_help_that_is_wrong_is_named(field: str, value: object) -> None:
    with pytest.raises(InvalidRecord) as raised:
        help_of(NEW | {field: value})

    assert raised.value.field == field


def test_the_first_day_of_help_cannot_be_taken_away() -> None:
    with pytest.raises(InvalidRecord, match="start"):
        help_of({"start": None}, help_of(NEW))


def test_any_help_may_be_written_where_the_task_names_none_and_a_dropped_kind_stays() -> None:
    written = help_of(NEW | {"kind": "Grupo de leitura"}, task=FREE)

    assert written.kind == "Grupo de leitura"
    assert help_of({"kind": "Grupo de leitura", "dose": 1}, written).dose == 1.0


def test_nobody_is_an_empty_name_and_no_name_is_a_fault() -> None:
    assert read_assignment({"person": " "}, "RA-1", WHERE, ANA).person == ""
    with pytest.raises(InvalidRecord, match="person"):
        read_assignment({}, "RA-1", WHERE, ANA)
