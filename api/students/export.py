"""What is known of a student as a file to hand out, written while it is read.

However many predictions there are, one page of them is in memory at a time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from api.answers.dossiers import ExportedColumn, StudentFields, TaskExport
from api.answers.filled import filled
from api.http.json_answer import json_bytes
from api.students.telling import Told
from preprocessing.task.spec import TaskSpec

PAGE = 500
"""Predictions, or outcomes, that are read at a time."""

ReadPage = Callable[[int, int], Awaitable[Sequence[Any]]]
"""From offset and limit to the rows."""


async def pieces(fields: StudentFields, tasks: Mapping[str, Told]) -> AsyncIterator[bytes]:
    """An `ExportAnswer` in JSON, piece by piece.

    Args:
        fields: all but its tasks.
        tasks: what each knows.

    Raises:
        RegistryError: the registry went away; what was written until then is no whole JSON.
    """
    yield json_bytes(fields)[:-1] + b',"tasks":{'
    for number, (name, told) in enumerate(tasks.items()):
        yield (b"," if number else b"") + json_bytes(name) + b":"
        async for piece in _task(told):
            yield piece
    yield b"}}"


async def _task(told: Told) -> AsyncIterator[bytes]:
    whole: dict[str, Any] = {**_explained(told)}
    paged: Mapping[str, tuple[int, ReadPage]] = {
        "predictions": (whole["totals"]["predictions"], told.predictions),
        "outcomes": (whole["totals"]["outcomes"], told.outcomes),
    }
    yield json_bytes({name: value for name, value in whole.items() if name not in paged})[:-1]
    for name, (total, read) in paged.items():
        yield b"," + json_bytes(name) + b":["
        written = False
        for offset in range(0, total, PAGE):
            rows = await read(offset, PAGE)
            if rows:
                yield (b"," if written else b"") + json_bytes(rows)[1:-1]
                written = True
        yield b"]"
    yield b"}"


def _explained(told: Told) -> TaskExport:
    task = told.here.task
    return {
        "title": task.title,
        "title_pt": task.title_pt,
        "description": task.description,
        "outcome": task.outcome.description,
        "columns": list(exported_columns(task)),
        **told.whole(),
    }


def exported_columns(task: TaskSpec) -> Iterator[ExportedColumn]:
    """Every column of a task, with what it means in both languages."""
    yield filled(ExportedColumn, task.id, role="id")
    if task.period is not None:
        yield filled(ExportedColumn, task.period, role="period")
    for column in task.unit:
        yield filled(ExportedColumn, column, role="unit")
    for column in task.features:
        yield filled(ExportedColumn, column, role="feature")
    for column in task.protected:
        yield filled(ExportedColumn, column, role="protected")
    for column in task.checked:
        yield filled(ExportedColumn, column, role="checked")
    yield filled(ExportedColumn, task.outcome.column, role="outcome")
