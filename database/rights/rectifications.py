"""What was wrong in the records of students and was put right, append-only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from database.driver.commands import Find, InsertMany, Op
from database.repository import Repository
from model.rights.rectification import Rectification, Standing, standing

FEW = 1_000
"""Rectifications that are read whole, rather than asking about each student of a file."""


class RectificationRepository(Repository[Rectification]):
    """Rectifications by id, which never change."""

    collection = "rectifications"
    indexes = (
        [("at", -1)],  # newest
        [("student_id", 1)],  # of_student, standing_of, erasure
    )
    record = Rectification
    key = "rectification_id"
    missing = "rectification {}"

    def add_many(self, said: Sequence[Rectification]) -> Op[None]:
        """Keeps what was put right; keeping it again changes nothing.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield InsertMany(self.collection, [self._document(one) for one in said])

    def of_student(self, student_id: str) -> Op[list[Rectification]]:
        """What was put right of a student, newest first.

        Raises:
            RegistryError: one cannot be read.
        """
        found = yield Find(self.collection, {"student_id": student_id})
        read = [self.read(document) for document in found]
        return sorted(read, key=lambda one: (one.at, one.rectification_id), reverse=True)

    def standing_of(self, student_ids: Iterable[str]) -> Op[Standing]:
        """What was put right last of each field of these students, and perhaps of others.

        Raises:
            RegistryError: one cannot be read.
        """
        found = yield Find(self.collection, {}, limit=FEW + 1)
        if len(found) > FEW:
            found = list((yield from self._stored_by("student_id", student_ids)).values())
        return standing(self.read(document) for document in found)
