"""Who looks after whom.

What one school says of a student stands beside what another does, as its labels do: a key of one
school can then neither see nor change what was said of a child of another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from database.driver.commands import Document, Find, Op
from database.repository import Repository
from model.helping.intervention import Assignment


class AssignmentRepository(Repository[Assignment]):
    """Who looks after each student, as it was said last within each unit; the last one counts."""

    collection = "assignments"
    indexes = (
        [("at", -1)],  # newest
        [("student_id", 1)],  # of_student, of_students, erasure
        [("person", 1)],  # of_person
    )
    record = Assignment
    missing = "nobody was ever named who looks after that student"

    def put(self, assignment: Assignment) -> Op[Assignment]:
        """Keeps who looks after a student now, in the place of who did; gives what stands.

        What was said later stands, whichever is written first.

        Raises:
            RegistryError: what is kept cannot be read.
        """
        ours = self._document(assignment)
        while True:
            stored = yield from self.stored(ours["_id"])
            if stored is not None and stored["at"] > ours["at"]:
                return self.read(stored)
            if (yield from self._swap(ours, read=stored["revision"] if stored else 0)):
                return assignment

    def of_student(self, student_id: str) -> Op[list[Assignment]]:
        """What was said last of a student within each unit, newest first.

        Raises:
            RegistryError: an assignment cannot be read.
        """
        found = yield Find(self.collection, {"student_id": student_id})
        return [self.read(one) for one in sorted(found, key=_order, reverse=True)]

    def of_students(
        self, student_ids: Iterable[str], units: Collection[str] | None = None
    ) -> Op[dict[str, Assignment]]:
        """Student to who looks after them; without those whom nobody does.

        Args:
            student_ids: the students.
            units: only what is of these (folded) units; None is all.

        Raises:
            RegistryError: an assignment cannot be read.
        """
        found = yield from self._stored_by("student_id", student_ids)
        return {one["student_id"]: self.read(one) for one in _standing(found.values(), units)}

    def of_person(self, person: str, units: Collection[str] | None = None) -> Op[list[Assignment]]:
        """The students whom a person looks after, by id.

        Args:
            person: the name.
            units: only what is of these (folded) units; None is all.

        Raises:
            RegistryError: an assignment cannot be read.
        """
        found = yield Find(self.collection, {"person": person})
        named = yield from self.of_students((one["student_id"] for one in found), units)
        return [named[student] for student in sorted(named) if named[student].person == person]

    def count_by_person(self, units: Collection[str] | None = None) -> Op[dict[str, int]]:
        """How many students each person looks after.

        Args:
            units: only what is of these (folded) units; None is all.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        fields = ["student_id", "person", "unit", "at"]
        found = yield Find(self.collection, {}, fields=fields)
        return dict(Counter(one["person"] for one in _standing(found, units)))

    def _document(self, record: Assignment) -> Document:
        # A unit has no control character, so no two are the same.
        return {"_id": f"{record.unit}\x1f{record.student_id}", **super()._document(record)}


def _standing(documents: Iterable[Document], units: Collection[str] | None) -> Iterable[Document]:
    """The last one of each student, unless it names nobody."""
    seen = (one for one in documents if units is None or one["unit"] in units)
    last = {one["student_id"]: one for one in sorted(seen, key=_order)}
    return [one for one in last.values() if one["person"]]


def _order(document: Document) -> tuple[Any, str]:
    return document["at"], document["_id"]
