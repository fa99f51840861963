"""What people are told, each thing once: found, taken by one worker, sent or given up.

Every step replaces the document at the revision that was read, so of two workers that find or take
the same notice one is too late. A worker that dies while it sends leaves the notice `sending`;
when `next_at` has come somebody else takes it, and then it may be sent twice. Never would be worse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from database.driver.commands import Document, Find, Op
from database.driver.paging import in_parts
from database.mapping.documents import milliseconds
from database.repository import Repository
from model.watch.notice import OPEN, Notice, Telling


class NoticeRepository(Repository[Notice]):
    """Notices by id; `newest` reads those found last."""

    collection = "notices"
    indexes = (
        [("found_at", -1)],  # newest, forget
        [("topic", 1)],  # of_topics
        [("standing", 1)],  # standing
        [("state", 1)],  # due, tally
        [("sent_at", -1)],  # last_sent
    )
    record = Notice
    key = "notice_id"
    order = (("found_at", -1), ("_id", 1))
    missing = "notice {}"

    def of_topics(self, topics: Iterable[str]) -> Op[list[Notice]]:
        """Every notice of these topics.

        Raises:
            RegistryError: a notice cannot be read.
        """
        found: list[Document] = []
        for part in in_parts(sorted(set(topics))):
            found += yield Find(self.collection, {"topic": {"$in": part}})
        return [self.read(document) for document in found]

    def standing(self) -> Op[list[Notice]]:
        """The notices of what lasts and has not ended.

        Raises:
            RegistryError: a notice cannot be read.
        """
        return (yield from self._matching({"standing": True}))

    def due(self, now: datetime, limit: int) -> Op[list[Notice]]:
        """What may be sent now, oldest first; what a worker took and did not end is due again.

        Raises:
            RegistryError: a notice cannot be read.
        """
        where = {
            "state": {"$in": [state.value for state in OPEN]},
            "next_at": {"$lte": milliseconds(now)},
        }
        return (yield from self._matching(where, sort=[("at", 1), ("_id", 1)], limit=limit))

    def last_sent(self) -> Op[datetime | None]:
        """When a notice was sent last; None before the first.

        Raises:
            RegistryError: a notice cannot be read.
        """
        found = yield from self._matching({}, sort=[("sent_at", -1)], limit=1)
        return found[0].sent_at if found else None

    def write(self, notices: Sequence[Notice]) -> Op[list[Notice]]:
        """Stores notices in the place of the revision that was read of each.

        Args:
            notices: with the revision that was read; 0 for one that was not there.

        Returns:
            Those that were written, at their new revision; the others somebody else has changed.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        ours = [replace(one, revision=one.revision + 1) for one in notices]
        fresh = [self._document(one) for one in ours if one.revision == 1]
        changed = [self._document(one) for one in ours if one.revision > 1]
        late = yield from self._swap_many(fresh, changed)
        # A count says that one was late, and not which: those stored as they were sent are ours.
        stored = yield from self.stored_many(late)
        return [
            one
            for one in ours
            if one.notice_id not in late or self._document(one) == stored.get(one.notice_id)
        ]

    def tally(self) -> Op[dict[Telling, int]]:
        """How many notices there are of each state.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        counts = {}
        for state in Telling:
            counts[state] = yield from self._count({"state": state.value})
        return counts

    def forget(self, before: datetime) -> Op[int]:
        """Removes notices that were found before that moment and tell of nothing that lasts.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        where = {"found_at": {"$lt": milliseconds(before)}, "standing": False}
        return (yield from self._delete(where))
