"""Artifacts that nothing names, remembered from one look to the next."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from database.driver.commands import InsertMany, Op
from database.mapping.documents import milliseconds
from database.repository import Repository
from model.artifact import UnnamedArtifact


class UnnamedArtifactRepository(Repository[UnnamedArtifact]):
    """Artifacts that nothing named when they were looked for last, by SHA-256."""

    collection = "unnamed_artifacts"
    record = UnnamedArtifact
    key = "artifact"
    order = (("since", -1), ("_id", 1))
    missing = "unnamed artifact {}"

    def note(self, found: Collection[str], *, now: datetime) -> Op[list[UnnamedArtifact]]:
        """Keeps which they are now; gives them with the moment each was found first.

        Raises:
            RegistryError: a document cannot be read.
        """
        known = {one.artifact for one in (yield from self._matching({}))}
        gone = sorted(known - set(found))
        if gone:
            yield from self._delete({"_id": {"$in": gone}})
        fresh = [UnnamedArtifact(one, milliseconds(now)) for one in sorted(set(found) - known)]
        if fresh:
            yield InsertMany(self.collection, [self._document(one) for one in fresh])
        return (yield from self._matching({}))
