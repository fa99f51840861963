"""Which versions learned from a student who was erased since.

A version's bundle is immutable and its list names nobody, so that is noted when the student is
erased: one document a version and erased student, under the student's tombstone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from database.driver.commands import InsertMany, Op
from database.mapping.documents import milliseconds
from database.repository import Documents


class LearnedErasedRepository(Documents):
    """Versions that learned from erased students, by version and tombstone."""

    collection = "learned_erased"
    indexes = ([("version", 1)], [("mark", 1)])  # of_version; forget

    def note(self, versions: Iterable[str], mark: str, *, at: datetime) -> Op[None]:
        """Notes that these versions learned from the student of that tombstone; once is enough.

        Raises:
            RegistryError: the registry refuses, or does not answer.
            ValueError: `at` has no time zone.
        """
        moment = milliseconds(at)
        noted = [
            {"_id": f"{version}:{mark}", "version": version, "mark": mark, "at": moment}
            for version in versions
        ]
        yield InsertMany(self.collection, noted)

    def of_version(self, version: str) -> Op[int]:
        """From how many students who were erased since a version learned.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._count({"version": version}))

    def forget(self, mark: str) -> Op[int]:
        """Removes the notes of a student who is taken again; gives how many there were.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._delete({"mark": mark}))
