"""Who looks after whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from database.driver.commands import Find, Op
from database.repository import Repository
from model.helping.intervention import Assignment


class AssignmentRepository(Repository[Assignment]):
    """Who looks after each student, as it was said last; nobody, where nothing was."""

    collection = "assignments"
    indexes = (
        [("at", -1)],  # newest
        [("person", 1)],  # of_person
    )
    record = Assignment
    key = "student_id"
    missing = "nobody was ever named who looks after that student"

    def put(self, assignment: Assignment) -> Op[Assignment]:
        """Keeps who looks after a student now, in the place of who did; gives what stands.

        What was said later stands, whichever is written first.

        Raises:
            RegistryError: what is kept cannot be read.
        """
        ours = self._document(assignment)
        while True:
            stored = yield from self.stored(assignment.student_id)
            if stored is not None and stored["at"] > ours["at"]:
                return self.read(stored)
            if (yield from self._swap(ours, read=stored["revision"] if stored else 0)):
                return assignment

    def of_students(self, student_ids: Iterable[str]) -> Op[dict[str, Assignment]]:
        """Student to who looks after them; without those whom nobody does.

        Raises:
            RegistryError: an assignment cannot be read.
        """
        known = yield from self.get_many(student_ids)
        return {student: one for student, one in known.items() if one.person}

    def of_person(self, person: str) -> Op[list[Assignment]]:
        """The students whom a person looks after, by id.

        Raises:
            RegistryError: an assignment cannot be read.
        """
        found = yield Find(self.collection, {"person": person})
        return sorted(map(self.read, found), key=lambda one: one.student_id)

    def count_by_person(self, units: Collection[str] | None = None) -> Op[dict[str, int]]:
        """How many students each person looks after.

        Args:
            units: only in these (folded) units; None is all.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found = yield Find(self.collection, {}, fields=["person", "unit"])
        return dict(Counter(
            row["person"]
            for row in found
            if row["person"] and (units is None or row.get("unit", "") in units)
        ))  # fmt: skip
