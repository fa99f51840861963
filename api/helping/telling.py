"""What is kept of help, in the words of answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import cast

from api.answers.filled import filled
from api.answers.helping import (
    ActionAnswer,
    ActionFields,
    FollowUpEntry,
    InterventionAnswer,
    KnownIndicators,
    ListedHelp,
)
from model.helping.action import Action
from model.helping.follow_up import FollowUp
from model.helping.intervention import Intervention
from model.helping.progress import IndicatorProgress, progress_since
from model.student import Observation, Student
from preprocessing.student_ids import sent_id
from preprocessing.task.spec import TaskSpec


def action_answer(task: TaskSpec, action: Action) -> ActionAnswer:
    """An action, with the id of the student as it was sent."""
    return filled(ActionAnswer, action, student_id=sent_id(task, action.student_id))


def intervention_answer(task: TaskSpec, given: Intervention) -> InterventionAnswer:
    """An intervention, with the id of the student as it was sent."""
    return filled(InterventionAnswer, given, student_id=sent_id(task, given.student_id))


def listed_help(
    task: TaskSpec,
    given: Intervention,
    known: Mapping[str, Student],
    units: Collection[str] | None,
) -> ListedHelp:
    """An intervention with the indicators around its first day.

    Args:
        task: whose students they are.
        given: the help.
        known: the students by key.
        units: only records of these (folded) units are told; None is all.
    """
    student = known.get(given.student_id)
    records = [
        one
        for one in (student.observations if student else ())
        if units is None or one.unit in units
    ]
    found = progress_since(given.start, records)
    return cast(ListedHelp, {**intervention_answer(task, given), **_progress(found)})


def _progress(found: IndicatorProgress) -> Mapping[str, object]:
    return {
        "before": _indicators(found.before),
        "after": _indicators(found.after),
        "changes": found.changes,
    }


def _indicators(record: Observation | None) -> KnownIndicators | None:
    return None if record is None else filled(KnownIndicators, record)


def follow_up_entries(task: TaskSpec, found: Sequence[FollowUp]) -> list[FollowUpEntry]:
    """Students to look at, with their ids as they were sent."""
    return [
        filled(
            FollowUpEntry,
            one,
            student_id=sent_id(task, one.student_id),
            last=None if one.last is None else filled(ActionFields, one.last),
            assigned=None if one.assigned is None else one.assigned.person,
        )
        for one in found
    ]
