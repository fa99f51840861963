"""Everything that is kept of one student, for whoever has a right to read it.

Predictions may be many and are read in pages (`PredictionRepository.of_student`); of reported
outcomes a dossier holds where they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from database.driver.commands import Document, Find, Op
from database.driver.paging import in_parts
from database.helping.actions import ActionRepository
from database.helping.assignments import AssignmentRepository
from database.helping.interventions import InterventionRepository
from database.labelling.facts import facts_of
from database.labels import WITHDRAWN, LabelRepository, OrphanRepository
from database.lists.published import ListedRowRepository
from database.outcomes import OutcomeRepository, label_key
from database.predictions import PredictionRepository
from database.rights.objections import ObjectionRepository
from database.rights.rectifications import RectificationRepository
from database.students import StudentRepository
from model.anonymous import MARK
from model.helping.action import Action
from model.helping.intervention import Assignment, Intervention
from model.label import Label, OrphanLabel
from model.labels.join import view
from model.labels.units import visible_to
from model.lists.published import ListedRow
from model.rights.objection import Objection
from model.rights.rectification import Rectification
from model.student import Observation

SECTIONS: Mapping[str, str] = {
    StudentRepository.collection: "records",
    PredictionRepository.collection: "predictions",
    LabelRepository.collection: "labels",
    OutcomeRepository.collection: "outcomes",
    OrphanRepository.collection: "orphans",
    ActionRepository.collection: "actions",
    InterventionRepository.collection: "interventions",
    AssignmentRepository.collection: "assigned",
    ListedRowRepository.collection: "listed",
    RectificationRepository.collection: "corrections",
    ObjectionRepository.collection: "objection",
}
"""Collection that holds something of students to the part of a dossier that tells it."""


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """A prediction or a reported outcome of a student, without what it holds.

    Attributes:
        key: of its document.
        at: when the prediction was made, or the outcome was reported.
        period: "" where it is not known.
        unit: folded; "" where it is not known.
        through: the unit of the prediction through which alone a report leads to the student; None
            where the report names the student.
    """

    key: str
    at: datetime
    period: str
    unit: str
    through: str | None = None


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is kept of a student.

    Attributes:
        records: what schools reported, oldest period first.
        labels: outcomes joined to features, oldest period first.
        orphans: outcomes that wait for their features, oldest period first.
        outcomes: what was reported, newest first.
        predictions: whether the registry holds any.
        waiting: those that are not in the registry yet, newest first.
        actions: what people did on seeing the student on a list, newest first.
        interventions: the help that the student got, by its first day.
        assigned: who looks after the student, as it was said last within each unit, newest first.
        listed: where the student stood on published lists.
        corrections: values that were wrong and were put right, newest first.
        objection: that the student objects to being scored; None: the student does not.
    """

    records: tuple[Observation, ...] = ()
    labels: tuple[Label, ...] = ()
    orphans: tuple[OrphanLabel, ...] = ()
    outcomes: tuple[KeptDocument, ...] = ()
    predictions: bool = False
    waiting: tuple[KeptDocument, ...] = ()
    actions: tuple[Action, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    assigned: tuple[Assignment, ...] = ()
    listed: tuple[ListedRow, ...] = ()
    corrections: tuple[Rectification, ...] = ()
    objection: Objection | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is known."""
        return self == Dossier()


def dossier_of(student_id: str, waiting: Sequence[KeptDocument] = ()) -> Op[Dossier]:
    """What the registry keeps of a student, as an erasure would find it.

    Args:
        student_id: the key of the student, `preprocessing.student_ids.key_of`.
        waiting: predictions that were on their way to the registry a moment ago.

    Raises:
        RegistryError: a document cannot be read.
    """
    student = yield from StudentRepository().find(student_id)
    arrived = yield from PredictionRepository().known(one.key for one in waiting)
    about = {"student_id": student_id}
    labels = yield Find(LabelRepository.collection, about | {WITHDRAWN: {"$exists": False}})
    orphans = yield Find(OrphanRepository.collection, about)
    helped = yield from InterventionRepository().of_students([student_id])
    return Dossier(
        records=student.observations if student else (),
        labels=_by_period(map(LabelRepository().read, labels)),
        orphans=_by_period(map(OrphanRepository().read, orphans)),
        outcomes=(yield from _outcomes(student_id, {one.key: one.unit for one in waiting})),
        predictions=(yield from _is_predicted(student_id, None)),
        waiting=_newest_first(one for one in waiting if one.key not in arrived),
        actions=tuple((yield from ActionRepository().of_student(student_id))),
        interventions=tuple(helped.get(student_id, ())),
        assigned=tuple((yield from AssignmentRepository().of_student(student_id))),
        listed=tuple((yield from ListedRowRepository().of_student(student_id))),
        corrections=tuple((yield from RectificationRepository().of_student(student_id))),
        objection=(yield from ObjectionRepository().find(student_id)),
    )


def within(dossier: Dossier, student_id: str, units: Collection[str]) -> Op[Dossier]:
    """The part of a dossier that is of these (folded) units.

    Labels are made anew from what the units may see: whether an outcome was joined would else tell
    what another unit knows. A report without a unit is of the one that the school's record of its
    period names (`model.labels.units`).

    Raises:
        RegistryError: a document cannot be read.
    """
    homes = {record.period: record.unit for record in dossier.records}
    outcomes = tuple(
        one
        for one in dossier.outcomes
        if (one.unit or homes.get(one.period, "")) in units
        # Whose prediction it is would else be told to a unit that may not know the prediction.
        and (one.through is None or one.through in units)
    )
    made: list[Label | OrphanLabel] = []
    for period in sorted({one.period for one in outcomes if one.period}):
        facts = yield from facts_of([(student_id, period)])
        known = facts[student_id, period].known
        found = [view(visible_to(unit, known), unit) for unit in sorted(units)]
        made += [one for one in found if one is not None]
    own = replace(
        dossier,
        objection=None,
        records=tuple(one for one in dossier.records if one.unit in units),
        predictions=(yield from _is_predicted(student_id, units)),
        waiting=tuple(one for one in dossier.waiting if one.unit in units),
        listed=tuple(one for one in dossier.listed if one.unit in units),
        outcomes=outcomes,
        labels=tuple(one for one in made if isinstance(one, Label)),
        orphans=tuple(one for one in made if isinstance(one, OrphanLabel)),
        actions=tuple(one for one in dossier.actions if one.unit in units),
        interventions=tuple(one for one in dossier.interventions if one.unit in units),
        assigned=tuple(one for one in dossier.assigned if one.unit in units),
        corrections=tuple(one for one in dossier.corrections if one.unit in units),
    )
    return own if own.empty else replace(own, objection=_objection_for(dossier.objection, units))


def _objection_for(objection: Objection | None, units: Collection[str]) -> Objection | None:
    """The objection: it holds in every unit, and what was said with it is of the unit it was made
    in."""
    if objection is None or objection.unit in units:
        return objection
    return replace(objection, by="", reason="", unit="")


def _is_predicted(student_id: str, units: Collection[str] | None) -> Op[bool]:
    newest = yield from PredictionRepository().of_student(student_id, units=units, limit=1)
    return bool(newest)


def _outcomes(student_id: str, waiting: Mapping[str, str]) -> Op[tuple[KeptDocument, ...]]:
    """Reports about the student, and those that wait for a prediction of the student's.

    The latter are few in all of the registry, so they are asked whose they are.
    """
    found: dict[str, KeptDocument] = {}
    rows = yield Find(OutcomeRepository.collection, _UNJOINED, fields=[*_TOLD, "prediction_id"])
    named = [row["prediction_id"] for row in rows]
    own = {**waiting, **(yield from _units_of(student_id, named))}
    for row in rows:
        if row["prediction_id"] in own:
            reported = _kept(row, row["arrived_at"])
            found[row["_id"]] = replace(reported, through=own[row["prediction_id"]])
    for field in ("student_id", "stated_student"):
        rows = yield Find(OutcomeRepository.collection, {field: student_id}, fields=_TOLD)
        found |= {row["_id"]: _kept(row, row["arrived_at"]) for row in rows}
    return _newest_first(found.values())


_TOLD = ["arrived_at", "period", "unit"]
_UNJOINED = {"key": {"$gte": label_key(MARK, ""), "$lt": label_key(chr(ord(MARK) + 1), "")}}
"""Reports that name a prediction which was not in the registry when they came."""


def _units_of(student_id: str, prediction_ids: Sequence[str]) -> Op[dict[str, str]]:
    """Those of the predictions that are of the student, each with its unit."""
    own: dict[str, str] = {}
    for part in in_parts(prediction_ids):
        where = {"_id": {"$in": part}, "student_id": student_id}
        found = yield Find(PredictionRepository.collection, where, fields=["unit"])
        own |= {row["_id"]: row.get("unit", "") for row in found}
    return own


def _kept(row: Document, at: datetime) -> KeptDocument:
    return KeptDocument(row["_id"], at, row["period"], row.get("unit", ""))


def _newest_first(found: Iterable[KeptDocument]) -> tuple[KeptDocument, ...]:
    by_key = sorted(found, key=lambda one: one.key)
    return tuple(sorted(by_key, key=lambda one: one.at, reverse=True))


def _by_period(found: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(found, key=lambda one: one.period))
