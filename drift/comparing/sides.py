"""Two sets of records compared with each other, without any model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from drift.comparing.present import present_state
from drift.findings import profile_now
from drift.page.picture import picture_of
from drift.page.task_words import words_of
from drift.policy import DriftPolicy
from drift.report import nothing_compared, report_of_profiles, with_state
from model.drift import DriftReport, LeftOut, Unjudged
from model.errors import NotEnoughData
from model.profile import ColumnProfile, build_profile, read_profile
from model.student import Features, Observation
from model.watch.picture import DriftPicture
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


@dataclass(frozen=True, slots=True)
class ProfiledSide:
    """One of two sets of records, as profiles.

    Attributes:
        name: what people call it.
        rows: records.
        profiles: by column.
        notes: what is to be said about their choice.
    """

    name: str
    rows: int
    profiles: Mapping[str, ColumnProfile]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ComparedSides:
    """A report of two sets of records; its picture, where they could be compared."""

    report: DriftReport
    picture: DriftPicture | None


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
) -> ComparedSides:
    """The report of one side against the other; it is about no champion.

    Args:
        reference: what the other is compared with.
        current: whose differences are looked for.
        task: what the columns are, and how few records are no comparison (`drift.min_records`).
        policy: which tests run, and what counts as drift.
        now: aware UTC.
        seed: of the tests that draw.
    """
    kinds = {column.name: column.kind.value for column in task.features}
    nothing = np.zeros(0)
    built = build_profile(
        [one.features for one in reference.observations],
        kinds,
        nothing,
        [one.student_id for one in reference.observations],
    )
    then, records = read_profile(built), [one.features for one in current.observations]
    return compare_profiled(
        ProfiledSide(reference.name, len(reference.observations), then, reference.notes),
        ProfiledSide(
            current.name, len(records), profile_now(then, records, nothing), current.notes
        ),
        task,
        policy,
        now=now,
        seed=seed,
        records=records,
    )


def compare_profiled(
    reference: ProfiledSide,
    current: ProfiledSide,
    task: TaskSpec,
    policy: DriftPolicy,
    *,
    now: datetime,
    seed: int,
    records: Sequence[Features] = (),
) -> ComparedSides:
    """The same of profiles, however they were made.

    Args:
        reference: what the other is compared with.
        current: whose differences are looked for.
        task: what the columns are, and how few records are no comparison (`drift.min_records`).
        policy: which tests run, and what counts as drift.
        now: aware UTC.
        seed: of the tests that draw.
        records: the current ones, where they are at hand.
    """
    report_id = _report_id(reference, current, now)
    few = _too_few((reference, current), task.drift.min_records)
    if few:
        return ComparedSides(
            nothing_compared(report_id=report_id, now=now, model_version="", left_out=few), None
        )
    present = present_state(task)
    report = report_of_profiles(
        reference.profiles,
        current.profiles,
        rows=current.rows,
        report_id=report_id,
        now=now,
        model_version="",
        periods=(current.name,),
        policy=policy,
        seed=seed,
        notes=(
            f"compared: {current.rows} records of {current.name} with "
            f"{reference.rows} of {reference.name}",
            *reference.notes,
            *current.notes,
        ),
        present=present,
        against=reference.name,
        records=records,
    )
    picture = picture_of(
        with_state(present, reference.profiles),
        with_state(present, current.profiles),
        words_of(task),
        report_id=report_id,
        now=now,
        compared_with=reference.name,
    )
    return ComparedSides(report, picture)


def _too_few(sides: Sequence[ProfiledSide], needed: int) -> tuple[LeftOut, ...]:
    return tuple(
        LeftOut(side.name, side.rows, Unjudged.FEW, needed) for side in sides if side.rows < needed
    )


def _report_id(reference: ProfiledSide, current: ProfiledSide, now: datetime) -> str:
    told = "\x1f".join((reference.name, current.name, now.isoformat()))
    return hashlib.sha256(told.encode()).hexdigest()[:16]
