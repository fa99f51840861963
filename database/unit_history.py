"""How many predictions and labels there are of each unit (school) and period."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from database.driver.commands import Op
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from database.repository import Repository
from database.students import StudentRepository
from model.units.history import UnitHistory, unit_history

SUBJECT = "units"
MOST_PREDICTIONS = 200_000


class UnitHistoryRepository(Repository[UnitHistory]):
    """What was counted by unit last, under `SUBJECT`; nothing before the first drift check."""

    collection = "unit_history"
    record = UnitHistory
    key = "subject"
    missing = "count by {}"

    def recount(self, column: str, names: Mapping[str, str], *, now: datetime) -> Op[UnitHistory]:
        """Counts predictions and labels by unit, and keeps that in the place of what was there.

        It reads every label, for the registry has no way to group: for a check once a day.

        Args:
            column: the task's first unit column.
            names: units as schools write them, where the caller has read them; the feature store
                tells the rest.
            now: aware UTC.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        filed = yield from StudentRepository().units()
        known = {unit: units.get(column) or unit for unit, units in filed.items()}
        history = unit_history(
            SUBJECT,
            (yield from PredictionRepository().count_by_unit(MOST_PREDICTIONS)),
            (yield from LabelRepository().count_by_unit()),
            {**known, **names},
            column=column,
            now=now,
            newest=MOST_PREDICTIONS,
        )
        yield from self._put(history)
        return history
