"""Sessions that were signed out of."""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import datetime

from database.driver.commands import Op
from database.mapping.documents import milliseconds
from database.repository import Repository
from model.people.spent import SpentToken


class SpentTokenRepository(Repository[SpentToken]):
    """Sessions that were signed out of, until they would have been over by themselves."""

    collection = "spent_tokens"
    indexes = ([("until", -1)],)  # spend forgets what is over
    record = SpentToken
    key = "spent_id"
    order = (("until", -1), ("_id", 1))
    missing = "spent token {}"

    def spend(self, spent_id: str, until: datetime, now: datetime) -> Op[bool]:
        """Ends a session; False if somebody was first. What is over by itself is forgotten.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._delete({"until": {"$lt": milliseconds(now)}})
        document = self._document(SpentToken(spent_id, milliseconds(until)))
        return (yield from self._add(document))

    def among(self, spent_ids: Iterable[str]) -> Op[Set[str]]:
        """Which of these were ended.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        stored = yield from self.stored_many(spent_ids)
        return frozenset(stored)
