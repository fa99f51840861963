"""School files as they came: what is known of each, and the bytes.

What is known of a file is written before its bytes, and names every bytes that there may be of it,
so that a file that was begun and left is found again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from database.artifacts import ArtifactRepository
from database.driver.commands import Find, Op
from database.repository import Repository
from model.kept.file import KeptFile


class KeptBytesRepository(ArtifactRepository):
    """The bytes of kept files by their SHA-256, in chunks; none where they are kept at a URL."""

    collection = "kept_bytes"
    indexes = ([("artifact", 1)],)  # repair, remove


class KeptFileRepository(Repository[KeptFile]):
    """What is known of each kept file, under the SHA-256 that it came with."""

    collection = "kept_files"
    indexes = ([("at", -1)],)  # newest
    record = KeptFile
    key = "file_id"
    missing = "no kept file has the SHA-256 {}"

    def begin(self, fresh: KeptFile) -> Op[KeptFile]:
        """Keeps that a file came; one that is known gets the tables and units that were read now.

        Raises:
            RegistryError: what is known of it cannot be read.
        """
        while True:
            known = yield from self.find(fresh.file_id)
            if known is None:
                if (yield from self._swap(self._document(fresh), read=0)):
                    return (yield from self.get(fresh.file_id))
                continue
            batches = tuple(sorted({*known.batches, *fresh.batches}))
            # Of each school that sent it: a row that names none may be of any of them.
            units = tuple(sorted({*known.units, *fresh.units}))
            if (batches, units) == (known.batches, known.units) and known.digest:
                return known
            came_again = {} if known.digest else {"digest": fresh.digest, "place": fresh.place}
            changed = self._document(known) | {
                "batches": list(batches), "units": list(units), **came_again,
            }  # fmt: skip
            if (yield from self._swap(changed, read=known.revision)):
                return (yield from self.get(fresh.file_id))

    def change(self, known: KeptFile, change: Callable[[KeptFile], KeptFile]) -> Op[KeptFile]:
        """Changes what is known of a file, whoever else does at the same time.

        Args:
            known: as it was read.
            change: called again with what somebody else has made of it meanwhile.

        Raises:
            NotFound: somebody has removed it.
            RegistryError: it cannot be read.
        """
        while True:
            if (yield from self._swap(self._document(change(known)), read=known.revision)):
                return (yield from self.get(known.file_id))
            known = yield from self.get(known.file_id)

    def remove(self, file_id: str) -> Op[int]:
        """Forgets a file; its bytes are gone already.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._delete({"_id": file_id}))

    def came_before(self, moment: datetime) -> Op[list[KeptFile]]:
        """The files that came before a moment and are not to be removed already.

        Raises:
            RegistryError: one cannot be read.
        """
        found = yield Find(self.collection, {"at": {"$lt": moment}})
        return [one for one in map(self.read, found) if one.digest]

    def others_of(self, kept: KeptFile, digest: str) -> Op[bool]:
        """Whether these bytes are kept of another file too, in the same place.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found = yield Find(self.collection, {"digest": digest}, fields=["place"])
        return any(one["_id"] != kept.file_id and one["place"] == kept.place for one in found)
