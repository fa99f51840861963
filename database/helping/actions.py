"""What people did on seeing a student on the list, each thing kept as it was said.

A key of one school follows what was done in it alone: it can neither see nor end what another
school has to do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from operator import itemgetter
from typing import Any

from database.driver.commands import Document, Find, Op, Replace, ReplaceMany
from database.repository import Repository
from model.helping.action import Action, ActionKind

DUE_ON = "due_on"
"""The field that holds `next_on` of a student's last action, and of no other one: what is due is
found without reading what was done long ago."""


class ActionRepository(Repository[Action]):
    """Actions by id, which never change; of a student the one that was done last counts."""

    collection = "actions"
    indexes = (
        [("at", -1)],  # newest
        [("student_id", 1)],  # of_student, of_students, erasure
        [("period", 1)],  # of_period, kinds_of_period, all_of_period
        [("by", 1), (DUE_ON, 1)],  # due of a person
        [(DUE_ON, 1)],  # due
    )
    record = Action
    key = "action_id"
    missing = "action {}"

    def add(self, action: Action, units: Collection[str] | None = None) -> Op[bool]:
        """Keeps an action; False if its id is there already. A former date is due no longer.

        Keeping it again finishes what was interrupted.

        Args:
            action: what was done.
            units: only what was done in these (folded) units is followed by it; None is all.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        is_new = yield from self._add(self._document(action))
        # After the insertion: of two that come at once both see both, and the last one stands.
        found: list[Document] = yield Find(self.collection, {"student_id": action.student_id})
        ours = sorted((one for one in found if _within(one, units)), key=_order)
        former = [one for one in ours[:-1] if DUE_ON in one]
        if former:
            yield ReplaceMany(self.collection, [_no_longer_due(one) for one in former])
        return is_new

    def of_student(self, student_id: str) -> Op[list[Action]]:
        """What was done for a student, newest first.

        Raises:
            RegistryError: an action cannot be read.
        """
        return (yield from self._newest_first({"student_id": student_id}))

    def of_students(
        self, student_ids: Iterable[str], units: Collection[str] | None = None
    ) -> Op[dict[str, list[Action]]]:
        """Student to what was done, newest first; without those for whom nothing was.

        Args:
            student_ids: the students.
            units: only in these (folded) units; None is all.

        Raises:
            RegistryError: an action cannot be read.
        """
        found = yield from self._stored_by("student_id", student_ids)
        by_student: dict[str, list[Action]] = defaultdict(list)
        ours = [one for one in found.values() if _within(one, units)]
        for document in sorted(ours, key=_order, reverse=True):
            by_student[document["student_id"]].append(self.read(document))
        return dict(by_student)

    def of_period(self, period: str, units: Collection[str] | None = None) -> Op[dict[str, Action]]:
        """Student to what was done last about the list of that period.

        Args:
            period: of the list.
            units: only in these (folded) units; None is all.

        Raises:
            RegistryError: an action cannot be read.
        """
        found = yield from self._newest_first({"period": period}, units)
        return {action.student_id: action for action in reversed(found)}

    def kinds_of_period(
        self, period: str, units: Collection[str] | None = None
    ) -> Op[dict[str, ActionKind]]:
        """Student to the kind of what was done last about the list of that period.

        A third of the work of `of_period`, for a list of all students.

        Args:
            period: of the list.
            units: only in these (folded) units; None is all.

        Raises:
            RegistryError: an action cannot be read.
        """
        fields = ["student_id", "kind", "at", "unit"]
        found = yield Find(self.collection, {"period": period}, fields=fields)
        ours = [row for row in found if _within(row, units)]
        return {row["student_id"]: ActionKind(row["kind"]) for row in sorted(ours, key=_order)}

    def all_of_period(self, period: str, units: Collection[str] | None = None) -> Op[list[Action]]:
        """Everything that was done about the list of that period, newest first.

        Args:
            period: of the list.
            units: only in these (folded) units; None is all.

        Raises:
            RegistryError: an action cannot be read.
        """
        return (yield from self._newest_first({"period": period}, units))

    def due(self, until: date, by: str | None = None) -> Op[list[Action]]:
        """Last actions of students with a next date of up to that day, the earliest date first.

        Args:
            until: the last day.
            by: only those of that person; None is everybody's.

        Raises:
            RegistryError: an action cannot be read.
        """
        where: dict[str, Any] = {DUE_ON: {"$lte": until.isoformat()}}
        if by is not None:
            where = {"by": by, **where}
        return (yield from self._matching(where, sort=[(DUE_ON, 1), ("_id", 1)]))

    def due_of_students(self, student_ids: Iterable[str], until: date) -> Op[list[Action]]:
        """The same of these students, whoever said so.

        Raises:
            RegistryError: an action cannot be read.
        """
        found = yield from self._stored_by("student_id", student_ids)
        day = until.isoformat()
        due = [one for one in found.values() if DUE_ON in one and one[DUE_ON] <= day]
        return [self.read(one) for one in sorted(due, key=itemgetter(DUE_ON, "_id"))]

    def _newest_first(
        self, where: Mapping[str, str], units: Collection[str] | None = None
    ) -> Op[list[Action]]:
        # Sorted here: whom it is about is what an index finds, and of these there are few.
        found = yield Find(self.collection, where)
        ours = [one for one in found if _within(one, units)]
        return [self.read(document) for document in sorted(ours, key=_order, reverse=True)]

    def _document(self, record: Action) -> Document:
        document = super()._document(record)
        next_on = document.get("next_on")
        return document if next_on is None else {**document, DUE_ON: next_on}


_order = itemgetter("at", "_id")


def _within(document: Document, units: Collection[str] | None) -> bool:
    return units is None or document["unit"] in units


def _no_longer_due(document: Document) -> Replace:
    after = {name: value for name, value in document.items() if name != DUE_ON}
    return Replace({"_id": document["_id"]}, after)
