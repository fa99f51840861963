"""How the champion does over time, what was expected of it, and its log by the hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from database.driver.commands import Find, Op
from database.repository import Repository
from model.watch.expected import EstimatedFigures
from model.watch.performance import SUBJECT, PerformanceRecord, RealisedFigures
from model.watch.served import HourStatistics

MOST_ESTIMATES = 200
MOST_HOURS = 1_440
"""Hours with predictions that are kept: sixty days without a pause."""


class PerformanceRepository(Repository[PerformanceRecord]):
    """How the champion does, as last measured."""

    collection = "performance"
    record = PerformanceRecord
    key = "subject"
    missing = "performance of {}"

    def current(self) -> Op[PerformanceRecord | None]:
        """What was measured last; None before anything was.

        Raises:
            RegistryError: the document cannot be read.
        """
        return (yield from self.find(SUBJECT))

    def put(self, measured: PerformanceRecord) -> Op[None]:
        """Keeps what was measured in the place of what was there.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._put(measured)


class EstimateRepository(Repository[EstimatedFigures]):
    """What was to be expected of each period's students, by version and period."""

    collection = "performance_estimates"
    indexes = ([("at", -1)],)  # newest
    record = EstimatedFigures
    key = "key"
    missing = "figures expected of {}"

    def keep(self, estimated: EstimatedFigures) -> Op[EstimatedFigures]:
        """Keeps figures in the place of former ones; gives what is kept. The oldest are removed.

        Once outcomes came, what was expected before them stays; only the reasons not to rely on it
        are taken from the new ones.

        Raises:
            RegistryError: what is kept cannot be read.
        """
        while True:
            document = yield from self.stored(estimated.key)
            former = None if document is None else self.read(document)
            kept = estimated
            if former is not None and former.came is not None:
                kept = replace(former, withdrawn=estimated.withdrawn)
            read = 0 if document is None else document["revision"]
            if (yield from self._swap(self._document(kept), read=read)):
                break
        beyond = yield Find(
            self.collection, {}, sort=self.order, skip=MOST_ESTIMATES, fields=["_id"]
        )
        if beyond:
            yield from self._delete({"_id": {"$in": [row["_id"] for row in beyond]}})
        return kept

    def compare(self, key: str, came: RealisedFigures) -> Op[bool]:
        """Keeps what came beside what was expected; False where nothing was, or nothing is new.

        Raises:
            RegistryError: what is kept cannot be read.
        """
        while True:
            document = yield from self.stored(key)
            if document is None or (former := self.read(document)).came == came:
                return False
            after = self._document(replace(former, came=came))
            if (yield from self._swap(after, read=document["revision"])):
                return True


class HourStatisticsRepository(Repository[HourStatistics]):
    """Statistics of what was served, by hour; an hour without predictions has none."""

    collection = "hour_statistics"
    record = HourStatistics
    key = "hour"
    order = (("_id", -1),)
    missing = "statistics of hour {}"

    def keep(self, hours: Sequence[HourStatistics]) -> Op[None]:
        """Keeps hours in the place of what was there, and removes what is older than is kept.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        for hour in hours:
            yield from self._put(hour)
        beyond = yield Find(
            self.collection, {}, sort=self.order, skip=MOST_HOURS, limit=1, fields=["_id"]
        )
        if beyond:
            yield from self._delete({"_id": {"$lte": beyond[0]["_id"]}})
