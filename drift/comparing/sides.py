"""Two sets of records compared with each other, without any model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from drift.comparing.present import present_state
from drift.policy import DriftPolicy
from drift.report import drift_report, nothing_compared
from model.drift import DriftReport, LeftOut, Unjudged
from model.errors import NotEnoughData
from model.profile import build_profile
from model.student import Observation
from preprocessing.task.spec import TaskSpec
from preprocessing.task.spelling import fold


@dataclass(frozen=True, slots=True)
class RecordSet:
    """One of two sets of records.

    Attributes:
        name: what people call it.
        observations: one record a student and period.
        notes: what is to be said about their choice.
    """

    name: str
    observations: tuple[Observation, ...]
    notes: tuple[str, ...] = ()


def split_by_unit(side: RecordSet, unit: str, task: TaskSpec) -> tuple[RecordSet, RecordSet]:
    """The records of all other units, and those of one.

    Records of no known unit are among neither.

    Raises:
        NotEnoughData: the task has no units, or no record is of that one.
    """
    if not task.unit:
        raise NotEnoughData(
            f"the task {task.name} has no unit columns, so no unit can be compared with the others"
        )
    wanted = fold(unit)
    known = [one for one in side.observations if one.unit]
    of_unit = tuple(one for one in known if one.unit == wanted)
    others = tuple(one for one in known if one.unit != wanted)
    if not of_unit:
        raise NotEnoughData(f"no record of {side.name} is of {task.unit[0].name} {unit!r}")
    unknown = len(side.observations) - len(known)
    notes = (f"{unknown} records of no known {task.unit[0].name} left out",) if unknown else ()
    return (
        RecordSet(f"the other units of {side.name}", others),
        RecordSet(f"{unit} of {side.name}", of_unit, (*side.notes, *notes)),
    )


def compare_sides(
    reference: RecordSet,
    current: RecordSet,
    task: TaskSpec,
    policy: DriftPolicy,
    *,
    now: datetime,
    seed: int,
) -> DriftReport:
    """The report of one side against the other; it is about no champion.

    Args:
        reference: what the other is compared with.
        current: whose differences are looked for.
        task: what the columns are, and how few records are no comparison (`drift.min_records`).
        policy: which tests run, and what counts as drift.
        now: aware UTC.
        seed: of the tests that draw.
    """
    report_id = _report_id(reference, current, now)
    few = _too_few((reference, current), task.drift.min_records)
    if few:
        return nothing_compared(report_id=report_id, now=now, model_version="", left_out=few)
    kinds = {column.name: column.kind.value for column in task.features}
    nothing = np.zeros(0)
    profile = build_profile(
        [one.features for one in reference.observations],
        kinds,
        nothing,
        [one.student_id for one in reference.observations],
    )
    return drift_report(
        profile,
        [one.features for one in current.observations],
        nothing,
        report_id=report_id,
        now=now,
        model_version="",
        periods=(current.name,),
        policy=policy,
        seed=seed,
        notes=(
            f"compared: {len(current.observations)} records of {current.name} with "
            f"{len(reference.observations)} of {reference.name}",
            *reference.notes,
            *current.notes,
        ),
        present=present_state(task),
        against=reference.name,
    )


def _too_few(sides: Sequence[RecordSet], needed: int) -> tuple[LeftOut, ...]:
    return tuple(
        LeftOut(side.name, len(side.observations), Unjudged.FEW, needed)
        for side in sides
        if len(side.observations) < needed
    )


def _report_id(reference: RecordSet, current: RecordSet, now: datetime) -> str:
    told = "\x1f".join((reference.name, current.name, now.isoformat()))
    return hashlib.sha256(told.encode()).hexdigest()[:16]
