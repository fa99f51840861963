"""Who objects to being scored, in memory, so that no request waits for the registry to refuse one.

On the worker that wrote an objection down it holds at once, on every other within two seconds.
"""

from __future__ import annotations

from api.known.followed import Followed
from api.registry import Registry
from database.rights.objections import ObjectionRepository
from model.errors import ObjectingStudent


class ObjectingStudents(Followed):
    """The objections of a task as this worker knows them."""

    def __init__(self, registry: Registry) -> None:
        kept = ObjectionRepository()
        super().__init__(registry, kept.state, kept.students, "objections are followed no further")

    def __contains__(self, student_id: object) -> bool:
        return student_id in self._keys

    def check(self, student_id: str | None) -> None:
        """Refuses to score a student who objects.

        Raises:
            ObjectingStudent: the student does.
        """
        if student_id in self:
            raise ObjectingStudent
