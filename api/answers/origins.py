"""What is answered about the cells that features were read from."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from api.answers.filled import Count
from model.student import Value
from preprocessing.trace.kinds import OriginKind


class OriginFields(TypedDict):
    """Where one feature of a student's period comes from.

    Attributes:
        value: as the record holds it; null of one that is made when it is needed.
        how: `read` from the cells that are named, `made` of other features, `put right` by hand,
            `sent` with a request, or `not kept`: nothing of its file is, or its row is gone.
        file: what the file is called.
        file_id: the SHA-256 that it came with; of `GET /files/{file_id}/rows/{row}`.
        source: file and sheet.
        row: counted from 1 below the header.
        column: the header, or what of a bundle's file.
        cell: as a spreadsheet names it, `C12`.
        text: what stands in the cell.
        lines: of a bundle, the rows that it is made of.
        made_of: features, each with its period.
    """

    period: str
    feature: str
    value: Value | None
    how: OriginKind
    file: str
    file_id: str
    source: str
    row: int | None
    column: str
    cell: str
    text: str
    lines: Sequence[str]
    made_of: Sequence[str]


class OriginsAnswer(TypedDict):
    """Where a student's features come from, oldest period first."""

    student_id: str
    origins: Sequence[OriginFields]


class RowStudent(TypedDict):
    """A student who stands in a row of a file.

    Attributes:
        period: of the record that the row made.
        features: those that still stand as the row tells them.
    """

    student_id: str
    period: str
    features: Sequence[str]


class RowAnswer(TypedDict):
    """Whose row of a file it is; in each sheet another student's, or nobody's.

    Attributes:
        file: what the file is called.
    """

    file_id: str
    file: str
    row: Count
    students: Sequence[RowStudent]
