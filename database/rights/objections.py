"""Who objects to being scored.

A file that names the student again lifts no objection: it stands until somebody lifts it, or the
student is erased.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from database.driver.commands import Op
from database.repository import Repository
from model.rights.objection import AboutStudent, Objection, without

T = TypeVar("T", bound=AboutStudent)


class ObjectionRepository(Repository[Objection]):
    """Objections that stand, by student."""

    collection = "objections"
    indexes = ([("at", -1)],)  # newest, state
    record = Objection
    key = "student_id"
    missing = "that student does not object"

    def lay(self, objection: Objection) -> Op[Objection]:
        """Keeps an objection; one that stands already stays as it is. Gives the one that stands.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        while not (yield from self._add(self._document(objection))):
            standing = yield from self.find(objection.student_id)
            if standing is not None:
                return standing
        return objection

    def lift(self, student_id: str) -> Op[bool]:
        """Removes an objection; False if there was none.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return bool((yield from self._delete({"_id": student_id})))

    def students(self) -> Op[frozenset[str]]:
        """The keys of all who object; reads nothing else.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._keys())

    def state(self) -> Op[tuple[int, str]]:
        """What changes when somebody objects or no longer does: how many, and the newest.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._state())


def without_objecting(found: Iterable[T]) -> Op[list[T]]:
    """What is about nobody who objects: whoever learns from records, or scores them, asks here.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    return without((yield from ObjectionRepository().students()), found)
