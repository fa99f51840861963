"""How a feature came to its value; the API answers so, and reads no file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from model.student import Value


class OriginKind(StrEnum):
    """How a feature came to its value."""

    READ = "read"
    """From the cells that are named."""
    MADE = "made"
    """From other features, which are named."""
    PUT_RIGHT = "put right"
    """By hand; what the file says is told beside it."""
    SENT = "sent"
    """Not by a file: with a request."""
    NOT_KEPT = "not kept"
    """From a file of which nothing is kept, as of events, or whose row is gone."""


@dataclass(frozen=True, slots=True)
class FeatureOrigin:
    """Where a feature of a student's period comes from.

    Attributes:
        value: as the record holds it; None of one that is made when it is needed.
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
    file: str = ""
    file_id: str = ""
    source: str = ""
    row: int | None = None
    column: str = ""
    cell: str = ""
    text: str = ""
    lines: tuple[str, ...] = ()
    made_of: tuple[str, ...] = ()


def told(origin: FeatureOrigin) -> str:
    """An origin in a line of text, without the value.

    >>> told(FeatureOrigin("2024", "ida", 5.0, OriginKind.MADE, made_of=("ida of 2023",)))
    '2024 ida: made of ida of 2023'
    """
    head = f"{origin.period} {origin.feature}: {origin.how.value}"
    if origin.made_of:
        return f"{head} of {', '.join(origin.made_of)}"
    if not origin.file:
        return head
    where = [origin.source]
    where += [f"row {origin.row}"] if origin.row is not None else []
    where += [f"column {origin.column}"] if origin.column else []
    where += [f"cell {origin.cell}"] if origin.cell else []
    where += [f"from {'; '.join(origin.lines)}"] if origin.lines else []
    return f"{head}: {', '.join(where)} (SHA-256 {origin.file_id[:12] or 'unknown'})"
