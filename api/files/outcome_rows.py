"""Outcomes that come back as a CSV: the file of what lacks one, filled in by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

from api.files.guarded_text import unguarded
from api.http.problems import Problem
from model.errors import InvalidRecord
from model.student import Value
from preprocessing.files.cells import Cell, is_empty, read_number
from preprocessing.files.rows import cell_reader
from preprocessing.task.spec import TaskSpec
from preprocessing.task.spelling import fold

MEDIA_TYPE = "text/csv"
DELIMITERS = (";", ",", "\t")
WORDS = {"true": True, "sim": True, "yes": True, "false": False, "nao": False, "no": False}
OUTCOME = "outcome"

Item = dict[str, Any]


def outcome_rows(body: bytes, task: TaskSpec) -> dict[int, Item]:
    """Row, counted from 0 below the header, to the outcome as `POST /labels` takes it in JSON.

    A row whose outcome is empty says that it is not known yet, and is left out.

    Args:
        body: UTF-8, or the Windows code page that Excel writes in Brazil; with semicolons, commas
            or tabs.
        task: says how the raw outcome is written.

    Raises:
        Problem: 422, no CSV, or none with a column for the outcome.
    """
    text = _text(body)
    header, *_ = text.splitlines() or [""]
    delimiter = max(DELIMITERS, key=header.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip() for name in next(lines, [])]
        _check(names, task)
        return dict(_items(names, lines, task))
    except csv.Error as error:
        raise Problem.of_field("body", f"line {lines.line_num} is no line of a CSV") from error


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace")


def _check(names: list[str], task: TaskSpec) -> None:
    raw = task.outcome.column.name
    if not {OUTCOME, raw} & {*names}:
        raise Problem.of_field("body", f"has no column named {OUTCOME} or {raw}")
    if len({*names}) < len(names):
        raise Problem.of_field("body", "names a column twice")


def _items(
    names: list[str], lines: Iterator[list[str]], task: TaskSpec
) -> Iterator[tuple[int, Item]]:
    raw = task.outcome.column
    readers: dict[str, Callable[[Cell], Value | None]] = {
        OUTCOME: _read_outcome,
        raw.name: cell_reader(raw, {}, "")[2],
    }
    for number, row in enumerate(lines):
        cells = {n: c.strip() for n, c in zip(names, row, strict=False) if not is_empty(c)}
        if cells.keys() & readers.keys():
            yield (
                number,
                {
                    name: _value(cell, readers[name]) if name in readers else unguarded(cell)
                    for name, cell in cells.items()
                },
            )


def _read_outcome(cell: Cell) -> Value | None:
    word = WORDS.get(fold(str(cell)))
    return read_number(cell, "") if word is None else float(word)


def _value(cell: str, read: Callable[[Cell], Value | None]) -> Value:
    """What a cell says; one that cannot be read stays as it is, to be refused with its reason."""
    try:
        value = read(unguarded(cell))
    except (ValueError, InvalidRecord):
        return cell
    return cell if value is None else value
