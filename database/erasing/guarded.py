"""Nothing of an erased student comes back, whichever operation writes it.

Every registry of an installation runs its operations with this hook. An erasure lays the tombstone
first and deletes then; a writer writes first and looks for tombstones then. Whatever the order of
the two, one of them removes the record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from database.driver.commands import Command, DeleteMany, Document, InsertMany, Op, ReplaceMany
from database.erasing.erasure import forget_predictions
from database.helping.actions import ActionRepository
from database.helping.assignments import AssignmentRepository
from database.helping.interventions import InterventionRepository
from database.labels import LabelRepository, OrphanRepository
from database.lists.published import ListedRowRepository
from database.outcomes import OutcomeRepository
from database.predictions import PredictionRepository
from database.rights.objections import ObjectionRepository
from database.rights.rectifications import RectificationRepository
from database.students import StudentRepository
from database.tombstones import TombstoneRepository
from model.anonymous import anonymous
from model.trust.tombstone import TombstoneKey


def _of_student(document: Document) -> list[str]:
    return [document["_id"]]


def _named(document: Document) -> list[str]:
    return [document["student_id"]]


def _of_prediction(document: Document) -> list[str]:
    student = document.get("student_id")
    return [anonymous(document["_id"]), *([student] if student else [])]


def _of_report(document: Document) -> list[str]:
    stated = document.get("stated_student")
    return [document["student_id"], *([stated] if stated else [])]


PERSONAL: Mapping[str, Callable[[Document], list[str]]] = {
    StudentRepository.collection: _of_student,
    ObjectionRepository.collection: _of_student,
    RectificationRepository.collection: _named,
    AssignmentRepository.collection: _named,
    ActionRepository.collection: _named,
    InterventionRepository.collection: _named,
    PredictionRepository.collection: _of_prediction,
    OutcomeRepository.collection: _of_report,
    OrphanRepository.collection: _of_report,
    LabelRepository.collection: _of_report,
    ListedRowRepository.collection: _named,
}
"""Collection to the ids that a document of it is about."""


@dataclass(frozen=True, slots=True)
class ErasureGuard:
    """The hook that removes, after each write, the records of erased students.

    Attributes:
        key: recognises erased students by their tombstones.
    """

    key: TombstoneKey

    def __call__(self, command: Command) -> Op[None]:
        """Removes what a command has just written of erased students."""
        return _remove_erased(command, self.key)


def _remove_erased(command: Command, key: TombstoneKey) -> Op[None]:
    subjects_of = PERSONAL.get(command.collection)
    written = _written(command)
    if subjects_of is None or not written:
        return
    about = {subject for document in written for subject in subjects_of(document)}
    erased = yield from TombstoneRepository().erased(about, key)
    if not erased:
        return
    documents = {d["_id"]: d for d in written if not erased.isdisjoint(subjects_of(d))}
    yield DeleteMany(command.collection, {"_id": {"$in": sorted(documents)}})
    if command.collection == PredictionRepository.collection:
        # An outcome that names a refused prediction waits under its id, or is still to come.
        at = max(document["created_at"] for document in documents.values())
        yield from forget_predictions(sorted(documents), key, at=at)


def _written(command: Command) -> Sequence[Document]:
    if isinstance(command, InsertMany):
        return command.documents
    if isinstance(command, ReplaceMany):
        return [replacement.document for replacement in command.replacements]
    return ()
