"""What callers say was done for a student, as records."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from api.helping.fields import (
    LONGEST_NAME,
    LONGEST_NOTE,
    amount,
    day,
    read_fields,
    refuse_others,
    text,
)
from api.helping.student import StudentPlace
from model.errors import Faults, InvalidRecord
from model.helping.action import Action, ActionKind
from model.helping.intervention import Assignment, Intervention
from preprocessing.task.spec import TaskSpec

ACTION_FIELDS = ("student_id", "period", "kind", "note", "next_on", "action_id")
HELP_FIELDS = ("student_id", "kind", "start", "end", "dose", "note", "intervention_id")
ASSIGNED_FIELDS = ("person",)
OWN_ID = re.compile(r"[A-Za-z0-9]{8,64}")
LONGEST_KIND = 60
MOST_DOSE = 1_000.0


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says something, and when.

    Attributes:
        by: the name of the caller's key.
        now: aware UTC.
        today: the day by the school's clock.
    """

    by: str
    now: datetime
    today: date


def own_id(body: Mapping[str, Any], field: str) -> str | None:
    """An id that the caller gives; None where there is none.

    Raises:
        InvalidRecord: it is none.
    """
    value = body.get(field)
    if value is None:
        return None
    if not isinstance(value, str) or not OWN_ID.fullmatch(value):
        raise InvalidRecord(field, "must be 8 to 64 letters and digits, such as a UUID's hex")
    return value


def read_action(
    body: Mapping[str, Any], student: str, place: StudentPlace, speaker: Speaker
) -> Action:
    """What somebody did.

    Args:
        body: as it was sent.
        student: the key of the student.
        place: where the student is in the period of the list.
        speaker: who says so.

    Raises:
        InvalidRecord: names every field that is wrong.
    """
    today = speaker.today
    # A page that was opened last evening may still be right.
    evening = today - timedelta(days=1)
    said = read_fields(body, ACTION_FIELDS, {
        "action_id": lambda: own_id(body, "action_id") or uuid.uuid4().hex,
        "kind": lambda: _action_kind(body.get("kind")),
        "note": lambda: text(body, "note", LONGEST_NOTE, default=""),
        "next_on": lambda: day(body, "next_on", earliest=evening, today=today),
    })  # fmt: skip
    return Action(
        student_id=student, period=place.period, at=speaker.now, by=speaker.by, unit=place.unit,
        **said,
    )  # fmt: skip


def _action_kind(value: object) -> ActionKind:
    if not isinstance(value, str) or value not in tuple(ActionKind):
        raise InvalidRecord("kind", f"must be one of {', '.join(ActionKind)}")
    return ActionKind(value)


def read_intervention(
    task: TaskSpec,
    body: Mapping[str, Any],
    was: Intervention,
    speaker: Speaker,
) -> Intervention:
    """The help that a student gets, as it is said now.

    Args:
        task: says which kinds there are.
        body: as it was sent; a field that is not there stays as it was.
        was: as it was said, or `begun` for one that is new.
        speaker: who says so.

    Raises:
        InvalidRecord: names every field that is wrong.
    """
    today = speaker.today
    readers: Mapping[str, Callable[[], Any]] = {
        "kind": lambda: _help_kind(task, body, was.kind),
        "start": lambda: _first_day(body, today),
        "end": lambda: day(body, "end", today=today),
        "dose": lambda: amount(body, "dose", MOST_DOSE),
        "note": lambda: text(body, "note", LONGEST_NOTE, default=""),
    }
    sent = {name: read for name, read in readers.items() if name in body}
    said = read_fields(body, HELP_FIELDS, sent)
    after = replace(was, **said, by=speaker.by, at=speaker.now)
    if after.end is not None and after.end < after.start:
        raise InvalidRecord("end", f"lies before the first day, {after.start.isoformat()}")
    return after


def _first_day(body: Mapping[str, Any], today: date) -> date:
    found = day(body, "start", today=today)
    if found is None:
        raise InvalidRecord("start", f"must be a day, such as {today.isoformat()}")
    return found


def begun(
    body: Mapping[str, Any], student: str, place: StudentPlace, speaker: Speaker
) -> Intervention:
    """A new intervention of which nothing is said yet but whose it is.

    Raises:
        InvalidRecord: the body does not say which help it is, or since when.
    """
    faults = Faults()
    for field in ("kind", "start"):
        if body.get(field) is None:
            faults.note(InvalidRecord(field, "is missing"))
    faults.check()
    return Intervention(
        uuid.uuid4().hex, student, "", speaker.today, speaker.now, speaker.by, place.unit
    )


def _help_kind(task: TaskSpec, body: Mapping[str, Any], was: str) -> str:
    kind = text(body, "kind", LONGEST_KIND)
    named = [one.name for one in task.interventions]
    # One that the task names no longer may stay what it was.
    if named and kind not in named and kind != was:
        raise InvalidRecord("kind", f"must be one of {', '.join(named)}")
    return kind


def read_assignment(
    body: Mapping[str, Any], student: str, place: StudentPlace, speaker: Speaker
) -> Assignment:
    """Who looks after a student; nobody, where the name is empty.

    Raises:
        InvalidRecord: names the first field that is wrong.
    """
    refuse_others(body, ASSIGNED_FIELDS)
    if "person" not in body:
        raise InvalidRecord("person", "is missing; empty is nobody")
    person = text(body, "person", LONGEST_NAME, default="")
    return Assignment(student, person, speaker.by, speaker.now, place.unit)
