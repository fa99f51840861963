"""Sends a file to `/predict/bulk` and writes what is answered, row by row."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx
import orjson
import pyarrow.parquet

from api.bulk.formats import MEDIA_TYPES, PARQUET_MAGIC, FileForm
from model.errors import ConfigurationError, FarolError, NotThisTask

PART = 1 << 20
PATIENCE = httpx.Timeout(30.0, read=600.0)
"""Seconds; a file waits on the server while the registry is slow."""

ENDINGS = {".csv": FileForm.CSV, ".ndjson": FileForm.NDJSON, ".jsonl": FileForm.NDJSON}


@dataclass(frozen=True, slots=True)
class Sending:
    """What is sent where.

    Attributes:
        file: the records.
        sent: form of the file.
        url: of the route.
        key: an API key; None where the server asks for none.
        wanted: form of the answer.
        period: of rows that give none; None for this year.
    """

    file: Path
    sent: FileForm
    url: str
    key: str | None
    wanted: FileForm
    period: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """How far it is.

    Attributes:
        sent: bytes of the file.
        received: bytes of the answer.
        rows: rows of the answer; None where it is Parquet, which does not show them.
    """

    sent: int = 0
    received: int = 0
    rows: int | None = 0


def form_of(file: Path) -> FileForm:
    """The form of a file: Parquet by its content, else by its ending.

    Raises:
        ConfigurationError: neither.
    """
    with file.open("rb") as opened:
        if opened.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC:
            return FileForm.PARQUET
    form = ENDINGS.get(file.suffix.lower())
    if form is None:
        known = ", ".join(ENDINGS)
        raise ConfigurationError(f"{file}: must be Parquet, or end in {known}")
    return form


def rows_in(file: Path, form: FileForm) -> int:
    """How many rows a file has; a text file's lines, which is what progress needs."""
    if form is FileForm.PARQUET:
        return int(pyarrow.parquet.read_metadata(file).num_rows)
    with file.open("rb") as opened:
        lines = sum(part.count(b"\n") for part in iter(lambda: opened.read(PART), b""))
    return lines - (form is FileForm.CSV)


def send(sending: Sending, out: BinaryIO, told: Callable[[Step], None]) -> Step:
    """Sends the file and writes the answer.

    Args:
        sending: what, and where to.
        out: takes the answer.
        told: is given each step.

    Raises:
        ConfigurationError: the key is none, or may not do that.
        NotThisTask: the file is refused, with the server's reason.
        FarolError: nobody answers, or the work stopped before the file's end.
    """
    headers = {"content-type": MEDIA_TYPES[sending.sent], "accept": MEDIA_TYPES[sending.wanted]}
    if sending.key:
        headers["authorization"] = f"Bearer {sending.key}"
    try:
        with httpx.stream(
            "POST",
            sending.url,
            params={"period": sending.period} if sending.period else None,
            content=_parts(sending.file, told),
            headers=headers | {"content-length": str(sending.file.stat().st_size)},
            timeout=PATIENCE,
        ) as answer:
            _check(answer)
            return _write(answer, sending, out, told)
    except httpx.HTTPError as error:
        raise FarolError(f"{sending.url}: {error or type(error).__name__}") from error


def stopped(tail: bytes, form: FileForm) -> str | None:
    """Why the work stopped, as the last line of an answer tells it; None where it did not.

    Args:
        tail: the end of the answer.
        form: CSV or NDJSON.

    >>> stopped(b'{"error_field":null,"error":null}\\n', FileForm.NDJSON)
    >>> stopped(b'7,"file","the disk is full"\\n', FileForm.CSV)
    'the disk is full'
    """
    line = tail.rstrip().rpartition(b"\n")[2]
    if form is FileForm.NDJSON:
        told = orjson.loads(line) if line else {}
        return _reason(told.get("error_field"), told.get("error"))
    *_, field, why = [None, None, *next(csv.reader([line.decode()]), [])]
    return _reason(field, why)


def stopped_parquet(file: Path) -> str | None:
    """The same of an answer in a Parquet file."""
    opened = pyarrow.parquet.ParquetFile(file)
    if not opened.num_row_groups:
        return None
    group = opened.read_row_group(opened.num_row_groups - 1, columns=["error_field", "error"])
    last = group.slice(max(0, len(group) - 1)).to_pylist()
    return _reason(last[0]["error_field"], last[0]["error"]) if last else None


def _reason(field: object, why: object) -> str | None:
    return str(why) if field == "file" else None


def _write(
    answer: httpx.Response, sending: Sending, out: BinaryIO, told: Callable[[Step], None]
) -> Step:
    wanted, size = sending.wanted, sending.file.stat().st_size
    counted = wanted is not FileForm.PARQUET
    received, lines, tail = 0, -1 if wanted is FileForm.CSV else 0, bytearray()
    step = Step()
    for part in answer.iter_bytes():
        out.write(part)
        received += len(part)
        lines += part.count(b"\n")
        tail += part
        if len(tail) > 2 * PART:  # Not with each part, which would copy all of it each time.
            del tail[:-PART]
        step = Step(size, received, max(0, lines) if counted else None)
        told(step)
    out.flush()
    if counted and (why := stopped(bytes(tail[-PART:]), wanted)) is not None:
        raise FarolError(f"stopped after {step.rows} rows: {why}")
    return step


def _parts(file: Path, told: Callable[[Step], None]) -> Iterator[bytes]:
    sent = 0
    with file.open("rb") as opened:
        while part := opened.read(PART):
            yield part
            sent += len(part)
            told(Step(sent))


def _check(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    try:
        reason = str(orjson.loads(answer.read())["detail"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        reason = f"HTTP status {answer.status_code}"
    if answer.status_code in (401, 403):
        raise ConfigurationError(f"{reason} The key is read from FAROL_API_KEY.")
    raise NotThisTask(reason) if answer.status_code in (413, 415, 422) else FarolError(reason)
