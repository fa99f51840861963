"""What is known of a student as a file to hand out, written while it is read.

However many predictions there are, one page of them is in memory at a time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

from api.answers.dossiers import StudentFields
from api.answers.exports import ExportedColumn, TaskMeaning
from api.answers.filled import filled
from api.answers.rights import SeerFields
from api.http.json_answer import json_bytes
from api.students.reading import StudentReader
from preprocessing.task.spec import TaskSpec

PAGE = 500
"""Predictions, or outcomes, that are read at a time."""

Pages = AsyncIterator[Sequence[Any]]


async def pieces(
    fields: StudentFields,
    tasks: Mapping[str, StudentReader],
    seen_by: Sequence[SeerFields] | None,
) -> AsyncIterator[bytes]:
    """An `ExportAnswer` in JSON, piece by piece.

    Args:
        fields: who it is about.
        tasks: what each knows.
        seen_by: who saw the student; None where the key may not know.

    Raises:
        RegistryError: the registry went away; what was written until then is no whole JSON.
    """
    seen = json_bytes(seen_by)
    yield json_bytes(fields)[:-1] + b',"seen_by":' + seen + b',"tasks":{'
    for number, (name, told) in enumerate(tasks.items()):
        yield (b"," if number else b"") + json_bytes(name) + b":"
        async for piece in _task(told):
            yield piece
    yield b"}}"


async def _task(told: StudentReader) -> AsyncIterator[bytes]:
    yield json_bytes(_explained(told.here.task) | told.whole())[:-1]
    paged: Mapping[str, Pages] = {
        "predictions": told.every_prediction(PAGE),
        "outcomes": told.every_outcome(PAGE),
    }
    for name, pages in paged.items():
        yield b"," + json_bytes(name) + b":["
        written = False
        async for rows in pages:
            if rows:
                yield (b"," if written else b"") + json_bytes(rows)[1:-1]
                written = True
        yield b"]"
    yield b"}"


def _explained(task: TaskSpec) -> dict[str, Any]:
    meaning = TaskMeaning(
        title=task.title,
        title_pt=task.title_pt,
        description=task.description,
        outcome=task.outcome.description,
        columns=list(exported_columns(task)),
    )
    return {**meaning}


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
