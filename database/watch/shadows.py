"""What challengers would have answered, as sums."""

from __future__ import annotations

from database.driver.commands import Op
from database.repository import Repository
from model.errors import Conflict
from model.watch.shadow import ShadowRecord

MOST_SHADOWS = 50
"""Records that are kept; there is one for each version that was ever tried."""


class ShadowRepository(Repository[ShadowRecord]):
    """Challengers in the shadow of a champion, by version."""

    collection = "shadows"
    indexes = ([("at", -1)],)  # newest
    record = ShadowRecord
    key = "version"
    missing = "shadow of {}"

    def put(self, shadow: ShadowRecord) -> Op[ShadowRecord]:
        """Stores a record in the place of the revision that was read; gives it as it is stored.

        Sums and cursor are one document, so a look counts whole or not at all.

        Args:
            shadow: with the revision that was read; 0 where nothing was stored.

        Raises:
            Conflict: somebody else has looked meanwhile.
        """
        if not (yield from self._swap(self._document(shadow), read=shadow.revision)):
            raise Conflict(f"the shadow of {shadow.version} is no longer at {shadow.revision}")
        return (yield from self.get(shadow.version))

    def prune(self) -> Op[int]:
        """Removes the oldest records beyond `MOST_SHADOWS`; gives how many.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        if (yield from self.count()) <= MOST_SHADOWS:
            return 0
        kept = yield from self.newest(MOST_SHADOWS)
        return (yield from self._delete({"at": {"$lt": kept[-1].at}}))
