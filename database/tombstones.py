"""Tombstones: erased students, by a keyed hash of their ids; nothing else is kept of them.

A tombstone refuses late records by whatever way they come (`database.erasing.guarded`), until an
administrator lifts it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from database.driver.commands import Find, InsertMany, Op
from database.driver.paging import in_parts
from database.mapping.documents import milliseconds
from database.repository import Documents
from model.trust.tombstone import TombstoneKey

FEW = 100
"""Tombstones that are read whole, rather than asking about more ids than that one by one."""


class TombstoneRepository(Documents):
    """The keyed hashes of what was erased."""

    collection = "tombstones"
    indexes = ([("at", -1)],)  # state, since

    def lay(self, digests: Iterable[str], *, at: datetime) -> Op[None]:
        """Keeps tombstones; one that is there already keeps its moment.

        Raises:
            RegistryError: the registry refuses, or does not answer.
            ValueError: `at` has no time zone.
        """
        moment = milliseconds(at)
        for part in in_parts(sorted(set(digests))):
            yield InsertMany(self.collection, [{"_id": digest, "at": moment} for digest in part])

    def among(self, digests: Iterable[str]) -> Op[set[str]]:
        """Those of the digests that are tombstones.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return set((yield from self.stored_many(digests)))

    def erased(self, subjects: Iterable[str], key: TombstoneKey) -> Op[set[str]]:
        """Those of the subjects that were erased.

        Args:
            subjects: ids of students, and of predictions as `model.anonymous` marks them.
            key: the installation's data key.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        wanted = set(subjects)
        laid = (yield from self._if_few()) if len(wanted) > FEW else None
        if laid is not None and not laid:
            return set()
        marks = {key.of(subject): subject for subject in wanted}
        found = (yield from self.among(marks)) if laid is None else laid & marks.keys()
        return {marks[digest] for digest in found}

    def since(self, moment: datetime) -> Op[set[str]]:
        """Tombstones that were laid since a moment.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        where = {"at": {"$gte": milliseconds(moment)}}
        found = yield Find(self.collection, where, fields=["_id"])
        return {row["_id"] for row in found}

    def _if_few(self) -> Op[set[str] | None]:
        found = yield Find(self.collection, {}, limit=FEW + 1, fields=["_id"])
        return {row["_id"] for row in found} if len(found) <= FEW else None

    def all(self) -> Op[frozenset[str]]:
        """Every tombstone.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._keys())

    def state(self) -> Op[tuple[int, str]]:
        """What changes when a tombstone is laid or lifted: how many there are, and the newest.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._state())

    def lift(self, digest: str) -> Op[bool]:
        """Removes a tombstone; False if there was none.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return bool((yield from self._delete({"_id": digest})))
