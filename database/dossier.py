"""Everything that is kept of one student, for whoever has a right to read it.

Predictions and reported outcomes may be many: of these a dossier holds where they are, and their
documents are read page by page.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from database.driver.commands import Document, Find, Op
from database.driver.paging import in_parts
from database.labelling.facts import facts_of
from database.labels import WITHDRAWN, LabelRepository, OrphanRepository
from database.outcomes import OutcomeRepository
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.anonymous import anonymous
from model.label import Label, OrphanLabel
from model.labels.join import view
from model.labels.units import visible_to
from model.student import Observation

SECTIONS: Mapping[str, str] = {
    StudentRepository.collection: "records",
    PredictionRepository.collection: "predictions",
    LabelRepository.collection: "labels",
    OutcomeRepository.collection: "outcomes",
    OrphanRepository.collection: "orphans",
}
"""Collection that holds something of students to the part of a dossier that tells it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One of many documents about a student, without what it holds.

    Attributes:
        key: of the document.
        at: when the prediction was made, or the outcome was reported.
        period: "" where it is not known.
        unit: folded; "" where it is not known.
    """

    key: str
    at: datetime
    period: str
    unit: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is kept of a student.

    Attributes:
        records: what schools reported, oldest period first.
        labels: outcomes joined to features, oldest period first.
        orphans: outcomes that wait for their features, oldest period first.
        predictions: newest first.
        outcomes: what was reported, newest first.
    """

    records: tuple[Observation, ...] = ()
    labels: tuple[Label, ...] = ()
    orphans: tuple[OrphanLabel, ...] = ()
    predictions: tuple[Kept, ...] = ()
    outcomes: tuple[Kept, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is known."""
        return not any(getattr(self, section) for section in SECTIONS.values())


def dossier_of(student_id: str, waiting: Sequence[Kept] = ()) -> Op[Dossier]:
    """What the registry keeps of a student, as an erasure would find it.

    Args:
        student_id: the key of the student, `preprocessing.student_ids.key_of`.
        waiting: predictions that were on their way to the registry a moment ago.

    Raises:
        RegistryError: a document cannot be read.
    """
    student = yield from StudentRepository().find(student_id)
    predictions = yield from _predictions(student_id, waiting)
    about = {"student_id": student_id}
    labels = yield Find(LabelRepository.collection, about | {WITHDRAWN: {"$exists": False}})
    orphans = yield Find(OrphanRepository.collection, about)
    return Dossier(
        records=student.observations if student else (),
        labels=_by_period(map(LabelRepository().read, labels)),
        orphans=_by_period(map(OrphanRepository().read, orphans)),
        predictions=predictions,
        outcomes=(yield from _outcomes(student_id, [one.key for one in predictions])),
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
        one for one in dossier.outcomes if (one.unit or homes.get(one.period, "")) in units
    )
    made: list[Label | OrphanLabel] = []
    for period in sorted({one.period for one in outcomes if one.period}):
        facts = yield from facts_of([(student_id, period)])
        known = facts[student_id, period].known
        found = [view(visible_to(unit, known), unit) for unit in sorted(units)]
        made += [one for one in found if one is not None]
    return replace(
        dossier,
        records=tuple(one for one in dossier.records if one.unit in units),
        predictions=tuple(one for one in dossier.predictions if one.unit in units),
        outcomes=outcomes,
        labels=tuple(one for one in made if isinstance(one, Label)),
        orphans=tuple(one for one in made if isinstance(one, OrphanLabel)),
    )


def _predictions(student_id: str, waiting: Sequence[Kept]) -> Op[tuple[Kept, ...]]:
    found = yield Find(
        PredictionRepository.collection,
        {"student_id": student_id},
        fields=["created_at", "period", "unit"],
    )
    stored = [_kept(row, row["created_at"]) for row in found]
    arrived = {one.key for one in stored}
    return _newest_first([*stored, *(one for one in waiting if one.key not in arrived)])


def _outcomes(student_id: str, prediction_ids: Sequence[str]) -> Op[tuple[Kept, ...]]:
    """Reports about the student, and those that wait for a prediction of the student's."""
    conditions: list[dict[str, Any]] = [{"student_id": student_id}, {"stated_student": student_id}]
    conditions += [
        {"student_id": {"$in": [anonymous(one) for one in part]}}
        for part in in_parts(prediction_ids)
    ]
    found: dict[str, Kept] = {}
    for where in conditions:
        rows = yield Find(
            OutcomeRepository.collection, where, fields=["arrived_at", "period", "unit"]
        )
        found |= {row["_id"]: _kept(row, row["arrived_at"]) for row in rows}
    return _newest_first(found.values())


def _kept(row: Document, at: datetime) -> Kept:
    return Kept(row["_id"], at, row["period"], row.get("unit", ""))


def _newest_first(found: Iterable[Kept]) -> tuple[Kept, ...]:
    return tuple(sorted(found, key=lambda one: (one.at, one.key), reverse=True))


def _by_period(found: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(found, key=lambda one: one.period))
