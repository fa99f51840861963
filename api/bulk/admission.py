"""Whether a row that can be scored may be: the one place where a row is looked at by itself."""

from __future__ import annotations

from collections.abc import Mapping

from api.erased import ErasedStudents
from model.errors import InvalidRecord
from preprocessing.columnar.tables import CheckedRows


class Admission:
    """What `/predict` asks of a record besides its values, for the rows of a file.

    Args:
        erased: nobody who was erased is scored.
    """

    def __init__(self, erased: ErasedStudents) -> None:
        self._erased = erased

    def refusal(self, student_id: str | None) -> InvalidRecord | None:
        """Why a row is refused; None where it is scored."""
        try:
            self._erased.check(student_id)
        except InvalidRecord as error:
            return error
        return None

    def refused(self, rows: CheckedRows) -> Mapping[int, InvalidRecord]:
        """Position to reason of the rows that are refused though they can be read."""
        students = rows.students
        looked_at = ((row, self.refusal(students[row])) for row in rows.kept.tolist())
        return {row: error for row, error in looked_at if error is not None}
