"""Whether a row that can be scored may be, and about whom: where a row is looked at by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from api.erased import ErasedStudents
from api.objections.objecting import ObjectingStudents
from api.units import UnitLimit
from model.errors import InvalidRecord
from model.pseudonyms.pseudonyms import Pseudonyms
from model.student import Units
from preprocessing.columnar.tables import CheckedRows
from preprocessing.student_ids import key_of
from preprocessing.task.spec import TaskSpec


class Admission:
    """What `/predict` asks of a record besides its values, for the rows of a file.

    Args:
        task: whose records they are.
        erased: nobody who was erased is scored.
        objections: nor is anybody who objects.
        limit: the units that the sender's key is for; None is all.
        pseudonyms: what ids become, where they are not kept in the clear.
    """

    def __init__(
        self,
        task: TaskSpec,
        erased: ErasedStudents,
        objections: ObjectingStudents,
        limit: UnitLimit | None,
        pseudonyms: Pseudonyms | None = None,
    ) -> None:
        self._pseudonyms = pseudonyms
        self._as_sent = task.id.unique_within is None and pseudonyms is None
        self._task = task
        self._erased = erased
        self._objections = objections
        self._limit = limit

    def admitted(self, rows: CheckedRows) -> CheckedRows:
        """The rows with the unit of the key where they name none; those that may not be scored are
        refused."""
        everybody = self._limit is None and self._erased.nobody and self._objections.nobody
        if everybody and self._as_sent:
            return rows  # The usual case: the keys are the ids as they were read.
        rows = self._placed(rows)
        refused: dict[int, InvalidRecord] = {}
        keys = list(rows.keys)
        for row in rows.kept.tolist():
            try:
                keys[row] = self._key(rows.students[row], rows.units[row])
            except InvalidRecord as error:
                refused[row] = error
        return replace(rows, keys=keys).without(refused)

    def _placed(self, rows: CheckedRows) -> CheckedRows:
        limit = self._limit
        if limit is None:
            return rows
        known: dict[int, Units] = {}
        default: Mapping[str, str] = limit.default
        units = []
        for one in rows.units:
            # Rows of the same units share one mapping.
            if id(one) not in known:
                known[id(one)] = one if limit.column in one else {**default, **one}
            units.append(known[id(one)])
        return replace(rows, units=units)

    def _key(self, student_id: str | None, units: Units) -> str | None:
        """What Farol knows the student by.

        Raises:
            InvalidRecord: the row may not be scored.
        """
        if self._limit is not None:
            self._limit.check(units)
        key = None
        if student_id is not None:
            key = key_of(self._task, student_id, units, pseudonyms=self._pseudonyms)
        self._erased.check(key)
        self._objections.check(key)
        return key
