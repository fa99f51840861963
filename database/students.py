"""The feature store: one document per student, with everything known of them period by period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeVar

from database.driver.commands import Document, Find, InsertMany, Op
from database.driver.paging import in_parts
from database.mapping.students import observation_of, unit_in, with_observations
from database.repository import Documents, Repository
from model.student import Observation, Student, Units

T = TypeVar("T")

SAMPLE_BLOCKS = 20
"""Places at which a sample of students is read."""


class PeriodRepository(Documents):
    """The periods that something is known of."""

    collection = "periods"

    def add_many(self, periods: Iterable[str]) -> Op[None]:
        """Adds periods; adding one again changes nothing.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield InsertMany(self.collection, [{"_id": period} for period in periods])

    def all(self) -> Op[tuple[str, ...]]:
        """Every period, oldest first.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found = yield Find(self.collection, {}, sort=[("_id", 1)])
        return tuple(document["_id"] for document in found)


class StudentRepository(Repository[Student]):
    """Everything known of each student."""

    collection = "students"
    indexes = (
        [("updated_at", -1)],  # newest
        [("unit", 1)],  # in_period of some units, units
    )
    record = Student
    order = (("updated_at", -1), ("_id", 1))
    missing = "no record of that student"

    def observe(self, observations: Sequence[Observation]) -> Op[int]:
        """Keeps what schools reported; gives how many periods of how many students it changed.

        Of one student's period the latest observation stands, whichever is written first; so files
        may come in any order, and more than once.

        Raises:
            ValueError: a period with a dot or a colon in it.
        """
        changed, _ = yield from self._observe_all(observations, None)
        return changed

    def observe_read(
        self, observations: Sequence[Observation], stored: Mapping[str, Document]
    ) -> Op[dict[str, Document]]:
        """Keeps what schools reported, where the students' documents have just been read.

        Args:
            observations: as for `observe`.
            stored: of all their students, as far as they have one. One that has changed since is
                read again.

        Returns:
            The documents as they stand now.

        Raises:
            ValueError: a period with a dot or a colon in it.
        """
        _, documents = yield from self._observe_all(observations, stored)
        return documents

    def _observe_all(
        self, observations: Sequence[Observation], stored: Mapping[str, Document] | None
    ) -> Op[tuple[int, dict[str, Document]]]:
        periods = sorted({o.period for o in observations})
        if any(set(period) & set(".:$") for period in periods):
            raise ValueError("a period has neither dot, colon nor dollar")
        yield from PeriodRepository().add_many(periods)
        by_student: dict[str, list[Observation]] = defaultdict(list)
        for observation in observations:
            by_student[observation.student_id].append(observation)
        changed = 0
        documents: dict[str, Document] = {}
        for ids in in_parts(sorted(by_student)):
            number, part = yield from self._observe({i: by_student[i] for i in ids}, stored)
            changed += number
            documents |= part
        return changed, documents

    def are_replaced(self, documents: Iterable[Document]) -> Op[bool]:
        """Whether any of these documents has another one in its place by now; reads none of them.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        by_revision: dict[int, list[str]] = defaultdict(list)
        for document in documents:
            by_revision[document["revision"]].append(document["_id"])
        for revision, keys in by_revision.items():
            where = {"_id": {"$in": keys}, "revision": {"$ne": revision}}
            if (yield Find(self.collection, where, limit=1, fields=["_id"])):
                return True
        return False

    def in_period(
        self, period: str, limit: int = 0, *, units: Collection[str] | None = None
    ) -> Op[list[Observation]]:
        """What is known of that period, by student id; `limit` 0 is all.

        Args:
            period: of the observations.
            limit: how many at most.
            units: only those of these (folded) units; None is all.

        Raises:
            RegistryError: a student's document cannot be read.
        """
        return (
            yield from self._of_period(
                period,
                units,
                limit,
                lambda d: observation_of(d["_id"], period, d["periods"][period]),
            )
        )

    def students_in_period(
        self, period: str, *, units: Collection[str] | None = None
    ) -> Op[list[Student]]:
        """All that is known of those of whom something is known of that period, by student id.

        Args:
            period: of the observations.
            units: only those who were in one of these (folded) units then; None is all.

        Raises:
            RegistryError: a student's document cannot be read.
        """
        return (yield from self._of_period(period, units, 0, self.read))

    def _of_period(
        self,
        period: str,
        units: Collection[str] | None,
        limit: int,
        read: Callable[[Document], T],
    ) -> Op[list[T]]:
        if units is not None:
            within = yield from self._in_units(period, units)
            return [read(document) for document in (within[:limit] if limit else within)]
        where = {f"periods.{period}": {"$exists": True}}
        # Read as they come, so that the documents of a whole school year are never in memory.
        found: list[T] = yield Find(
            self.collection, where, sort=[("_id", 1)], limit=limit, read=read
        )
        return found

    def by_id(self, *, skip: int, limit: int) -> Op[list[Student]]:
        """Students in the order of their ids; after so many of the first, at most so many.

        Raises:
            RegistryError: a student's document cannot be read.
        """
        # By number: a place in the index of the keys, on the way to which no document is read.
        found = yield Find(self.collection, {}, sort=[("_id", 1)], skip=skip, limit=limit)
        return [self.read(document) for document in found]

    def _in_units(self, period: str, units: Collection[str]) -> Op[list[Document]]:
        """The documents of those who were in these units in that period, by student id."""
        known = yield from PeriodRepository().all()
        where: dict[str, Any] = {f"periods.{period}.unit": {"$in": sorted(units)}}
        if known and known[-1] == period:
            # Indexed: in the newest period a student is where the latest observation says. Nothing
            # else is asked, and no order, so that the embedded server answers by its index.
            where = {"unit": {"$in": sorted(units)}}
        found: list[Document] = yield Find(self.collection, where)
        there = [one for one in found if unit_in(one, period) in units]
        return sorted(there, key=itemgetter("_id"))

    def sample(self, most: int, *, units: Collection[str] | None = None) -> Op[list[Student]]:
        """At most so many students; all where there are no more.

        Of all units they are read at places spread evenly over the ids, of some the first of each.

        Args:
            most: of them.
            units: only those who are in one of these (folded) units now; None is all.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found: list[Document] = []
        if units is not None:
            # Unit by unit, so that each has its part.
            for unit in sorted(units):
                found += yield from self._block({"unit": unit}, 0, max(1, most // len(units)))
            return self.readable(found)
        size = yield from self.count()
        if size <= most:
            return self.readable((yield from self._block({}, 0, most)))
        for block in range(SAMPLE_BLOCKS):
            start = size * block // SAMPLE_BLOCKS
            found += yield from self._block({}, start, max(1, most // SAMPLE_BLOCKS))
        return self.readable(found)

    def _block(self, where: Document, start: int, size: int) -> Op[list[Document]]:
        found: list[Document] = yield Find(
            self.collection, where, sort=[("_id", 1)], limit=size, skip=start
        )
        return found

    def units(self) -> Op[dict[str, Units]]:
        """Every (folded) unit that a student is in now, with its units as one record writes them.

        One look-up per unit in their index, however many students there are.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found: dict[str, Units] = {}
        last = ""
        while True:
            one = yield Find(self.collection, {"unit": {"$gt": last}}, sort=[("unit", 1)], limit=1)
            if not one:
                return found
            last = one[0]["unit"]
            found[last] = self.read(one[0]).latest.units

    def last_change(self) -> Op[tuple[str, int, datetime] | None]:
        """Who was observed last, the revision and when; None before anybody was.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        fields = ["revision", "updated_at"]
        # By the index alone: of those changed at one moment any will do.
        order = [("updated_at", -1)]
        found = yield Find(self.collection, {}, sort=order, limit=1, fields=fields)
        return (found[0]["_id"], found[0]["revision"], found[0]["updated_at"]) if found else None

    def count_in_period(self, period: str) -> Op[int]:
        """How many students something is known of in that period.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._count({f"periods.{period}": {"$exists": True}}))

    def read(self, document: Document) -> Student:
        """The student of a document.

        Raises:
            RegistryError: the document cannot be read as one.
        """
        return Student(
            student_id=document["_id"],
            observations=tuple(
                observation_of(document["_id"], period, document["periods"][period])
                for period in sorted(document["periods"])
            ),
        )

    def _observe(
        self, waiting: dict[str, list[Observation]], stored: Mapping[str, Document] | None
    ) -> Op[tuple[int, dict[str, Document]]]:
        changed = 0
        documents: dict[str, Document] = {}
        while waiting:
            if stored is None:
                stored = yield from self.stored_many(waiting)
            merged = {i: with_observations(i, stored.get(i), seen) for i, seen in waiting.items()}
            fresh = [merged[i][0] for i in waiting if i not in stored]
            replaced = [merged[i][0] for i in waiting if i in stored and merged[i][1]]
            late = yield from self._swap_many(fresh, replaced)
            for key, (document, count) in merged.items():
                if key not in late:
                    changed += count
                    documents[key] = document if count else stored[key]
            waiting, stored = {i: waiting[i] for i in late}, None
        return changed, documents
