"""What was found and removed last, and what stays of the predictions of each day."""

from __future__ import annotations

from database.driver.commands import Op
from database.repository import Repository
from model.ageing.record import SUBJECT, AgeingRecord
from model.ageing.served_day import ServedDay


class AgeingRepository(Repository[AgeingRecord]):
    """The last look at what is old, under `SUBJECT`; nothing before the first."""

    collection = "ageing"
    record = AgeingRecord
    key = "subject"
    missing = "a look at what is old"

    def current(self) -> Op[AgeingRecord | None]:
        """The last look; None before the first.

        Raises:
            RegistryError: it cannot be read.
        """
        return (yield from self.find(SUBJECT))

    def put(self, looked: AgeingRecord) -> Op[None]:
        """Keeps a look in the place of the one before.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._put(looked)


class ServedDayRepository(Repository[ServedDay]):
    """What stays of predictions that were removed, a day in each document; they never change."""

    collection = "served_days"
    record = ServedDay
    key = "day"
    order = (("_id", -1),)
    missing = "day {}"

    def add(self, day: ServedDay) -> Op[bool]:
        """Keeps a day; False if it is here already, which is then left as it is.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._add(self._document(day)))
