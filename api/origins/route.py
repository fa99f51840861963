"""From a student's feature to the cell of the file that it was read from, and back from a row."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayRead
from api.answers.filled import filled
from api.answers.origins import OriginsAnswer, RowAnswer, RowStudent
from api.files.sent import FOLDER, asked_period
from api.http.json_answer import json_answer
from api.http.problems import Problem
from api.operation import UNIT, operation
from api.origins.asking import traced
from api.payload import named_student
from api.services import Services, services
from api.students.assessment import known_student
from api.students.reach import NOT_KNOWN
from api.units import UnitLimit
from database.kept.files import KeptFileRepository
from preprocessing.student_ids import LONGEST_EVER, sent_id

MOST_ROWS = 10_000_000
SHA256 = r"^[0-9a-f]{64}$"

router = APIRouter(tags=["files"])


@router.get(
    "/students/{student_id:path}/origins",
    **operation(
        "Which cell of which file made a student's features",
        OriginsAnswer, 404, 410, 422, parameters=(UNIT,),
    ),
)  # fmt: skip
async def trace_student(
    request: Request,
    student_id: str,
    client: MayRead,
    feature: str | None = None,
    period: str | None = None,
) -> Response:
    """Reads the kept files again, in a process of its own; that it was asked is in the audit trail.

    A feature that is worked out names those that it is made of, ask for them likewise. What was
    put right by hand is told beside what the file says.

    Args:
        request: the request.
        student_id: the school's identifier.
        client: who asks. A key for some units is told of records of these.
        feature: only this one.
        period: only its features.
    """
    here = services(request)
    names = {c.name for c in here.task.features} | {d.name for d in here.task.derived}
    if feature is not None and feature not in names:
        raise Problem.of_field("feature", "is no feature of this task")
    # It stands in the trail, where no text of a caller may.
    period = asked_period(period, here.task)
    student = named_student(here.task, student_id, request, LONGEST_EVER)
    known = await here.registry.run(known_student(student, here.erased.key.of(student)))
    limit = UnitLimit.of(client, here.task)
    seen = () if known is None else known.observations
    answer = None
    # What nobody knows, or the key may not see, takes no process.
    if any(limit is None or limit.admits(one.unit) for one in seen):
        asked = {"student": student, "feature": feature, "period": period}
        answer = await _traced(here, limit, asked)
    if answer is None:
        raise Problem.of_field("student_id", NOT_KNOWN, 404)
    told = " ".join(one for one in (feature, period) if one is not None)
    here.trail.tell(request, client, "trace", student_id=student, detail=told)
    return json_answer(OriginsAnswer(student_id=student_id, origins=answer["origins"]))


@router.get(
    "/files/{file_id}/rows/{row}",
    **operation("Whose row of a kept file it is, and what of it still stands", RowAnswer, 404, 422),
)
async def trace_row(
    request: Request,
    file_id: Annotated[str, Path(pattern=SHA256)],
    row: Annotated[int, Path(ge=1, le=MOST_ROWS)],
    client: MayRead,
) -> Response:
    """Reads the kept file again, in a process of its own; that it was asked is in the audit trail.

    Args:
        request: the request.
        file_id: the SHA-256 that the file came with, as `GET /batches` tells it.
        row: counted from 1 below the header.
        client: who asks. To a key for some units a row of another unit is as one of a file that
            there is not.
    """
    here = services(request)
    limit = UnitLimit.of(client, here.task)
    answer = None
    if await here.registry.run(KeptFileRepository().find(file_id)) is not None:
        answer = await _traced(here, limit, {"file": file_id, "row": row})
    if answer is None or (limit is not None and not answer["students"]):
        raise Problem.of_field("file_id", "no row of a kept file is known by it", 404)
    students = [one for one in answer["students"] if one["student"] not in here.erased]
    for one in students:
        detail = f"file {file_id} row {row}"
        here.trail.tell(request, client, "trace", student_id=one["student"], detail=detail)
    owners = [
        filled(RowStudent, None, student_id=sent_id(here.task, one["student"]),
               period=one["period"], features=one["features"])
        for one in students
    ]  # fmt: skip
    return json_answer(RowAnswer(file_id=file_id, file=answer["file"], row=row, students=owners))


async def _traced(here: Services, limit: UnitLimit | None, asked: dict[str, Any]) -> Any:
    units = None if limit is None else sorted(limit.spellings)
    return await traced(asked | {"units": units}, here.task.name, here.folders.host / FOLDER)
