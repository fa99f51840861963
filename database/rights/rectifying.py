"""Puts values of a student right, and makes anew what rests on them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from database.driver.commands import Op
from database.labelling.facts import facts_of
from database.labelling.join import settle
from database.labelling.recording import record_outcomes
from database.rights.rectifications import RectificationRepository
from database.students import StudentRepository
from model.errors import InvalidRecord
from model.label import JoinStatus, Outcome
from model.labels.join import view
from model.labels.units import visible_to
from model.rights.rectification import OUTCOME, RecordPart, Rectification, corrected, value_in
from model.student import Observation, Student, Value

STEP = timedelta(milliseconds=1)

NO_RECORD = "no school's record of this student in that period is known"
NO_OUTCOME = "no outcome of this student in that period is known; report it (POST /labels)"
SAME = "is what stands there already"


@dataclass(frozen=True, slots=True)
class CorrectionWanted:
    """What somebody says is right of one student and period.

    Attributes:
        student_id: the key of the student.
        values: column and the part it belongs to, to its value; None: it is not known.
        outcome: the right one; None: it stays.
        units: the (folded) units that the caller may know; None is all.
        new_id: gives an id that nobody has.
    """

    student_id: str
    period: str
    values: Mapping[tuple[RecordPart, str], Value | None]
    outcome: Outcome | None
    at: datetime
    by: str
    reason: str
    units: Collection[str] | None
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Corrected:
    """What was put right.

    Attributes:
        said: one a value.
        before: the student as it was known before; None: nothing but outcomes was.
        after: the same, now.
    """

    said: tuple[Rectification, ...]
    before: Student | None
    after: Student | None


def rectify(wanted: CorrectionWanted) -> Op[Corrected]:
    """Puts values right and keeps what stood there, who said so and why.

    The account of a record's values is written first, so that none changes without one; an outcome
    keeps its former value by itself. The record counts as known from now on; the label that rests
    on it is made anew, in the same call.

    Raises:
        InvalidRecord: there is no record or outcome to put right, the value is the one that stands
            there, or the outcome is refused.
        RegistryError: the registry refuses, or does not answer.
    """
    repository = StudentRepository()
    stored = yield from repository.stored(wanted.student_id)
    before = None if stored is None else repository.read(stored)
    was = None if before is None else before.in_period(wanted.period)
    if was is not None and wanted.units is not None and was.unit not in wanted.units:
        was = None
    said = _of_record(wanted, was) if wanted.values else []
    if wanted.outcome is not None:
        said.append((yield from _of_outcome(wanted, wanted.outcome, was)))
        yield from _record(wanted.outcome, now=wanted.at)
    yield from RectificationRepository().add_many(said)
    after = before
    if wanted.values and was is not None and stored is not None:
        now = max(wanted.at, was.observed_at + STEP)
        right = replace(with_values(was, wanted.values), observed_at=now)
        documents = yield from repository.observe_read([right], {wanted.student_id: stored})
        after = repository.read(documents[wanted.student_id])
        yield from settle([(wanted.student_id, wanted.period)])
    return Corrected(tuple(said), before, after)


def with_values(
    observation: Observation, values: Mapping[tuple[RecordPart, str], Value | None]
) -> Observation:
    """A record with the values that are right."""
    for (part, name), value in values.items():
        observation = corrected(observation, part, name, value)
    return observation


def _of_record(wanted: CorrectionWanted, was: Observation | None) -> list[Rectification]:
    if was is None:
        raise InvalidRecord("period", NO_RECORD)
    said = []
    for (part, name), value in wanted.values.items():
        former = value_in(was, part, name)
        if former == value:
            raise InvalidRecord(name, SAME)
        said.append(_said(wanted, part, name, former, value, was.unit))
    if not with_values(was, wanted.values).features:
        raise InvalidRecord("values", "would leave a record without any indicator")
    return said


def _of_outcome(
    wanted: CorrectionWanted, outcome: Outcome, was: Observation | None
) -> Op[Rectification]:
    subject = (wanted.student_id, wanted.period)
    facts = yield from facts_of([subject])
    label = view(visible_to(outcome.unit, facts[subject].known), outcome.unit)
    if label is None:
        raise InvalidRecord(OUTCOME, NO_OUTCOME)
    if label.outcome == outcome.value:
        raise InvalidRecord(OUTCOME, SAME)
    unit = label.unit or (was.unit if was else "")
    return _said(wanted, RecordPart.OUTCOME, OUTCOME, label.outcome, outcome.value, unit)


def _record(outcome: Outcome, *, now: datetime) -> Op[None]:
    for decision in (yield from record_outcomes([outcome], now=now)):
        if decision.status is JoinStatus.REJECTED:
            raise InvalidRecord(OUTCOME, decision.reason)


def _said(
    wanted: CorrectionWanted,
    part: RecordPart,
    name: str,
    former: Value | None,
    value: Value | None,
    unit: str,
) -> Rectification:
    return Rectification(
        rectification_id=wanted.new_id(),
        student_id=wanted.student_id,
        period=wanted.period,
        part=part,
        field=name,
        at=wanted.at,
        by=wanted.by,
        reason=wanted.reason,
        former=former,
        value=value,
        unit=unit,
    )
