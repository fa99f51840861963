"""Labels as a model learns from them: with what was known of the students' earlier periods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from database.driver.commands import Op
from database.labels import LabelRepository, Place
from database.rights.objections import without_objecting
from database.students import StudentRepository
from model.label import Label
from model.student import Observation
from preprocessing.longitudinal import recalled_labels, recalled_observations
from preprocessing.task.spec import TaskSpec


def window(task: TaskSpec, *, arrived_until: datetime, limit: int) -> Op[list[Label]]:
    """The newest labels that had arrived, newest first, as `database.labels.window` gives them.

    Nobody who objects is among them, whatever the label is wanted for.

    Where the task looks back, each holds what the feature store knows of the student's earlier
    periods.
    """
    found = yield from LabelRepository().window(arrived_until=arrived_until, limit=limit)
    return (yield from with_history(task, (yield from without_objecting(found))))


def window_between(
    task: TaskSpec,
    after: str,
    until: str | None,
    *,
    arrived_until: datetime,
    since: Place | None,
) -> Op[list[Label]]:
    """The part of `window` whose keys are in a range, by `LabelRepository.between`.

    All ranges together hold what `window` holds.

    Args:
        task: what the columns mean, and what earlier periods add.
        after: the key before the first; "" begins with the first of all.
        until: the last key; None goes to the end.
        arrived_until: of the window, aware UTC.
        since: the place of the window's oldest label; None where it has no bound.

    Raises:
        RegistryError: the registry fails.
    """
    found = yield from LabelRepository().between(
        after, until, arrived_until=arrived_until, since=since
    )
    return (yield from with_history(task, (yield from without_objecting(found))))


def observed(task: TaskSpec, observations: Sequence[Observation]) -> Op[list[Observation]]:
    """Observations as a model is asked about them: with what earlier periods add."""
    plan = task.longitudinal
    if plan is None:
        return list(observations)
    known = yield from StudentRepository().get_many([o.student_id for o in observations])
    return recalled_observations(plan, observations, known)


def with_history(task: TaskSpec, found: Sequence[Label]) -> Op[list[Label]]:
    """Labels together with what earlier periods add; the same ones for a task that adds none."""
    plan = task.longitudinal
    if plan is None:
        return list(found)
    known = yield from StudentRepository().get_many([label.student_id for label in found])
    return recalled_labels(plan, found, known)
