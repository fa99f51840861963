"""Notes that say which labels are owed, so that a process that dies loses none.

A note is written before the reports that make the labels, and removed once these are made;
`database.repair` pays what is left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Set
from datetime import datetime

from database.driver.commands import Find, Op, Replace, ReplaceMany
from database.mapping.nested_lists import packed, unpacked
from database.repository import Documents


class PendingJoinRepository(Documents):
    """The notes, each under a hash of its reports."""

    collection = "pending_joins"

    def owe(
        self, report_ids: Iterable[str], subjects: Iterable[tuple[str, str]], now: datetime
    ) -> Op[str]:
        """Notes which labels these reports will make; gives the note's key.

        Args:
            report_ids: `database.outcomes.outcome_id` of each.
            subjects: student and period of each.
            now: when they arrived.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        note = hashlib.sha256("".join(sorted(report_ids)).encode()).hexdigest()[:32]
        owed = packed(sorted(set(subjects)))
        document = {"_id": note, "subjects": owed, "noted_at": now}
        yield from self._add(document)
        return note

    def paid(self, note: str) -> Op[None]:
        """Removes a note.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._delete({"_id": note})

    def owed(self) -> Op[set[tuple[str, str]]]:
        """Student and period of every label that is owed.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        notes = yield Find(self.collection, {})
        return {(s, p) for note in notes for s, p in map(unpacked, note["subjects"])}

    def paid_until(self, moment: datetime) -> Op[None]:
        """Removes the notes of up to that moment.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._delete({"noted_at": {"$lte": moment}})

    def forget(self, student_ids: Set[str]) -> Op[None]:
        """Takes students out of the notes; what is owed to others stays owed.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        notes = yield Find(self.collection, {})
        changed = []
        for note in notes:
            left = [one for one in map(unpacked, note["subjects"]) if one[0] not in student_ids]
            if len(left) < len(note["subjects"]):
                changed.append(Replace({"_id": note["_id"]}, {**note, "subjects": packed(left)}))
        yield ReplaceMany(self.collection, changed)
