"""The erased students, in memory, so that no request waits for the registry to refuse one.

What this does not know of yet is refused by the registry (`database.erasing.guarded`).
"""

from __future__ import annotations

from api.known.followed import Followed
from api.registry import Registry
from database.tombstones import TombstoneRepository
from model.errors import ErasedStudent
from model.trust.tombstone import TombstoneKey


class ErasedStudents(Followed):
    """The tombstones as this worker knows them.

    Attributes:
        key: the installation's data key.
    """

    def __init__(self, registry: Registry, key: TombstoneKey) -> None:
        kept = TombstoneRepository()
        super().__init__(registry, kept.state, kept.all, "erasures are followed no further")
        self.key = key

    @property
    def marks(self) -> frozenset[str]:
        """The tombstones, hex."""
        return self._keys

    def __contains__(self, student_id: object) -> bool:
        # Nearly always nobody is erased, and then this costs nothing.
        if not self._keys or not isinstance(student_id, str):
            return False
        return self.key.of(student_id) in self._keys

    def check(self, student_id: str | None) -> None:
        """Refuses a record of an erased student.

        Raises:
            ErasedStudent: the student was erased.
        """
        if student_id in self:
            raise ErasedStudent
