"""A period of the registry as one side of a comparison."""

from __future__ import annotations

from datetime import datetime

from database.driver.client import SyncRegistry
from database.driver.commands import Op
from database.rights.objections import without_objecting
from database.students import PeriodRepository, StudentRepository
from drift.cohort import in_future
from drift.comparing.choice import ChosenComparison
from drift.comparing.sides import ComparedSides, RecordSet, compare_sides, split_by_unit
from drift.policy import policy_of
from model.errors import NotEnoughData
from preprocessing.longitudinal import recalled_observations
from preprocessing.task.spec import TaskSpec


def side_of_period(task: TaskSpec, period: str) -> Op[RecordSet]:
    """What school files say of a period; nothing of whom objects.

    Raises:
        NotEnoughData: they say nothing of it.
        RegistryError: the registry fails.
    """
    filed = yield from StudentRepository().in_period(period)
    observations = yield from without_objecting(filed)
    if not observations:
        known = ", ".join((yield from PeriodRepository().all())) or "none"
        raise NotEnoughData(f"no school file tells of period {period}; known periods are {known}")
    if task.longitudinal is not None:
        known_students = yield from StudentRepository().get_many(
            [one.student_id for one in observations]
        )
        observations = recalled_observations(task.longitudinal, observations, known_students)
    return RecordSet(f"period {period}", tuple(observations))


def newest_period(now: datetime) -> Op[str]:
    """The newest period of school files that is no future one.

    Raises:
        NotEnoughData: there is none.
        RegistryError: the registry fails.
    """
    past = [p for p in (yield from PeriodRepository().all()) if not in_future(p, now.year)]
    if not past:
        raise NotEnoughData(
            "no school file was read yet; read one: python -m preprocessing.ingest FILE"
        )
    return past[-1]


def compare_periods(
    opened: SyncRegistry, choice: ChosenComparison, task: TaskSpec, *, now: datetime, seed: int = 0
) -> ComparedSides:
    """Compares two periods of the registry, or a unit of one with the other units.

    Args:
        opened: the registry; nothing is written.
        choice: which periods.
        task: whose records they are.
        now: aware UTC.
        seed: of the tests that draw.

    Raises:
        NotEnoughData: nothing is known of a period, or no record is of the unit.
        ConfigurationError: the task asks for a drift test that there is not.
        RegistryError: the registry fails.
    """
    policy = policy_of(task.drift)
    period = choice.current_period or opened.run(newest_period(now))
    current = opened.run(side_of_period(task, period))
    if choice.unit is not None:
        reference, current = split_by_unit(current, choice.unit, task)
    elif choice.reference_period is None:
        raise ValueError("no period to compare with")
    else:
        reference = opened.run(side_of_period(task, choice.reference_period))
    return compare_sides(reference, current, task, policy, now=now, seed=seed)
