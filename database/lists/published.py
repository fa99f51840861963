"""Lists of students as they were published."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from database.driver.commands import Find, InsertMany, Op
from database.driver.paging import in_parts
from database.repository import Repository
from database.students import PeriodRepository
from model.errors import Conflict, NotFound
from model.lists.published import LaneRoom, ListedRow, PublishedList, row_key


class PublishedListRepository(Repository[PublishedList]):
    """Published lists by id; one whose rows are not all there is nobody's list."""

    collection = "published_lists"
    indexes = (
        [("at", -1)],  # newest
        [("period", 1), ("at", -1)],  # latest
    )
    record = PublishedList
    key = "list_id"
    missing = "list {}"

    def latest(self, period: str) -> Op[PublishedList | None]:
        """The list of a period that was published last; None where there is none.

        Raises:
            RegistryError: a list cannot be read.
        """
        found = yield from self._matching({"period": period, "complete": True}, limit=1)
        return found[0] if found else None

    def published(self, list_id: str) -> Op[PublishedList]:
        """The list of that id.

        Raises:
            NotFound: there is none, or not all of its rows are there.
            RegistryError: the list cannot be read.
        """
        found = yield from self.get(list_id)
        if not found.complete:
            raise NotFound(self.missing.format(list_id))
        return found

    def announce(self, announced: PublishedList) -> Op[None]:
        """Records what a list is and how it is drawn, before it has a row.

        Raises:
            Conflict: somebody is publishing the same list.
        """
        if not (yield from self._add(self._document(announced))):
            raise Conflict("somebody is drawing this list at this moment; look again in an hour")

    def complete(self, announced: PublishedList) -> Op[PublishedList]:
        """Records that all rows of a list are there; from now on it is the period's latest.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        done = replace(announced, complete=True)
        yield from self._replace(done)
        return done

    def abandoned(self, before: datetime) -> Op[list[str]]:
        """The ids of lists that were begun before that moment and never completed.

        Raises:
            RegistryError: a list cannot be read.
        """
        found = yield from self._matching({"complete": False})
        return [one.list_id for one in found if one.at < before]

    def remove(self, list_ids: Sequence[str]) -> Op[int]:
        """Removes lists with their rows; gives how many lists there were.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from ListedRowRepository().remove_of(list_ids)
        return (yield from self._delete({"_id": {"$in": list(list_ids)}}))


class ListedRowRepository(Repository[ListedRow]):
    """The students of published lists, by list and student."""

    collection = "listed_rows"
    indexes = (
        [("list_id", 1)],  # of_list, page
        [("student_id", 1)],  # of_student, erasure
        [("stratum", 1)],  # drawn
    )
    record = ListedRow
    key = "row_id"
    order = (("unit", 1), ("lane", 1), ("rank", 1), ("_id", 1))
    missing = "row {}"

    def add_many(self, rows: Iterable[ListedRow]) -> Op[None]:
        """Adds rows; adding one again changes nothing.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        for part in in_parts(list(rows)):
            yield InsertMany(self.collection, [self._document(row) for row in part])

    def of_list(self, list_id: str) -> Op[list[ListedRow]]:
        """All rows of a list, in no order.

        Raises:
            RegistryError: a row cannot be read.
        """
        found = yield Find(self.collection, {"list_id": list_id})
        return [self.read(document) for document in found]

    def drawn(
        self, published: PublishedList, units: Collection[str] | None = None
    ) -> Op[dict[str, bool]]:
        """Student to whether a place was won, of those who took part in a list's draw.

        Args:
            published: the list.
            units: only in these (folded) units; None is all.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        ours = {room.stratum for room in published.lanes if units is None or room.unit in units}
        strata = [stratum for stratum, _ in published.places if stratum in ours]
        fields = ["list_id", "student_id", "won"]
        # By the stratum, which none has who was not drawn for; they are few in all lists.
        found = yield Find(self.collection, {"stratum": {"$in": strata}}, fields=fields)
        rows = (row for row in found if row["list_id"] == published.list_id)
        return {row["student_id"]: bool(row["won"]) for row in rows}

    def page(
        self, list_id: str, *, units: Collection[str] | None = None, skip: int, limit: int
    ) -> Op[list[ListedRow]]:
        """A page of a list's rows, by unit, lane and rank.

        Args:
            list_id: of the list.
            units: only rows of these (folded) units; None is all.
            skip: how many are left out before the first.
            limit: how many at most.

        Raises:
            RegistryError: a row cannot be read.
        """
        where: dict[str, Any] = {"list_id": list_id}
        if units is not None:
            where["unit"] = {"$in": sorted(units)}
        found = yield Find(self.collection, where, sort=self.order, skip=skip, limit=limit)
        return [self.read(document) for document in found]

    def of_student(self, student_id: str) -> Op[list[ListedRow]]:
        """Where a student stood on every list, in no order.

        Raises:
            RegistryError: a row cannot be read.
        """
        found = yield Find(self.collection, {"student_id": student_id})
        return [self.read(document) for document in found]

    def of_students(self, list_id: str, student_ids: Iterable[str]) -> Op[dict[str, ListedRow]]:
        """The rows of these students on a list, by student; who has none is left out.

        Raises:
            RegistryError: a row cannot be read.
        """
        found = yield from self.get_many(row_key(list_id, one) for one in student_ids)
        return {row.student_id: row for row in found.values()}

    def remove_of(self, list_ids: Sequence[str]) -> Op[int]:
        """Removes all rows of these lists.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._delete({"list_id": {"$in": list(list_ids)}}))


def newest_rooms() -> Op[tuple[LaneRoom, ...]]:
    """The room of each lane and unit on the newest period's list; empty before one was published.

    Raises:
        RegistryError: they cannot be read.
    """
    for period in reversed((yield from PeriodRepository().all())):
        latest = yield from PublishedListRepository().latest(period)
        if latest is not None:
            return latest.lanes
    return ()
