"""The forms of a file of records, in and out."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from api.card_answer import wishes
from api.http.problems import Problem


class FileForm(StrEnum):
    """How a file holds its rows."""

    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"


MEDIA_TYPES: Mapping[FileForm, str] = {
    FileForm.CSV: "text/csv",
    FileForm.NDJSON: "application/x-ndjson",
    FileForm.PARQUET: "application/vnd.apache.parquet",
}
BYTES = "application/octet-stream"
PARQUET_MAGIC = b"PAR1"


def form_of_file(media_type: str, beginning: bytes) -> FileForm:
    """The form of a file by its declared type; an undeclared Parquet file by its first bytes.

    >>> form_of_file("text/csv; charset=utf-8", b"ra;ida").value
    'csv'
    >>> form_of_file("application/octet-stream", b"PAR1...").value
    'parquet'

    Raises:
        Problem: 415, neither.
    """
    kind = media_type.partition(";")[0].strip().lower()
    declared = next((form for form, name in MEDIA_TYPES.items() if name == kind), None)
    is_parquet = beginning.startswith(PARQUET_MAGIC)
    if declared is None and kind in ("", BYTES) and is_parquet:
        return FileForm.PARQUET
    if declared is None:
        raise Problem.of_field("content-type", f"must be {', '.join(MEDIA_TYPES.values())}", 415)
    if is_parquet != (declared is FileForm.PARQUET):
        raise Problem.of_field("body", f"is no {MEDIA_TYPES[declared]}", 415)
    return declared


def form_of_answer(accept: str, sent: FileForm) -> FileForm:
    """The form that `Accept` prefers, else the one that was sent.

    >>> form_of_answer("*/*", FileForm.CSV).value, form_of_answer("text/csv", FileForm.NDJSON).value
    ('csv', 'csv')
    """
    wished = wishes(accept)
    weights = {form: wished.get(name, 0.0) for form, name in MEDIA_TYPES.items()}
    best = max(weights, key=lambda form: (weights[form], form is sent))
    return best if weights[best] else sent
