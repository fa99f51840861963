"""All that is known of a student: to look at, and as a file to hand out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.access import MayRead
from api.answers.dossiers import StudentAnswer, StudentFields
from api.answers.exports import ExportAnswer
from api.answers.filled import filled
from api.answers.rights import SeerFields
from api.http.json_answer import json_answer
from api.http.problems import Problem
from api.lists.words import Language
from api.operation import TEXT, UNIT, operation, schema_of
from api.payload import named_student, named_unit
from api.rights import page
from api.rights.seeing import sights
from api.routes.students import Limit, Offset
from api.security import Client
from api.services import Services, services
from api.students.export import pieces
from api.students.reach import NOT_KNOWN, reach
from api.students.reading import StudentReader, student_reader
from model.errors import ErasedStudent
from model.rights.seen import seers
from preprocessing.student_ids import LONGEST_EVER

router = APIRouter(tags=["students"])


@dataclass(frozen=True, slots=True)
class _Found:
    """What the tasks know of a student.

    Attributes:
        student: what Farol knows the student by.
        fields: who it is, and where nothing is told of the student.
        at: when it was read.
    """

    student: str
    fields: StudentFields
    tasks: dict[str, StudentReader]
    at: datetime


# Before the route of a student, which takes this path too.
@router.get(
    "/students/{student_id:path}/export",
    **operation(
        "All that is known of a student, as a file",
        {"application/json": schema_of(ExportAnswer), "text/html": TEXT},
        404, 410, 422, parameters=(UNIT,),
    ),
)  # fmt: skip
async def export_student(
    request: Request,
    student_id: str,
    client: MayRead,
    format: Literal["json", "html"] = "json",
    lang: Language = "pt",
) -> Response:
    """What `GET /students/{student_id}` tells, whole, with what each column of the task means.

    To be handed to whom it is about, with who has seen it. That it was made, and with which key,
    is in the audit trail.

    Args:
        request: the request.
        student_id: the school's identifier.
        client: who asks.
        format: `json` for a program, `html` for a page to read and to print.
        lang: of the page, `pt` or `en`.
    """
    found = await _found(request, student_id, client)
    here, done = services(request), ", ".join(found.tasks)
    here.trail.tell(request, client, "export", student_id=found.student, detail=done)
    name = f"farol-student-{found.at:%Y-%m-%d}.{format}"
    headers = {"cache-control": "no-store"}
    seen = None if client.units else seers(await sights(here, _served(found), found.student))
    if format == "html":
        headers |= {"content-disposition": f'inline; filename="{name}"', **page.HEADERS}
        body = page.pieces(found.fields, found.tasks, seen, lang)
        return StreamingResponse(body, headers=headers, media_type="text/html")
    headers["content-disposition"] = f'attachment; filename="{name}"'
    told = None if seen is None else [filled(SeerFields, one) for one in seen]
    body = pieces(found.fields, found.tasks, told)
    return StreamingResponse(body, headers=headers, media_type="application/json")


def _served(found: _Found) -> list[Services]:
    return [one.here for one in found.tasks.values()]


@router.get(
    "/students/{student_id:path}",
    **operation("All that is known of a student", StudentAnswer, 404, 410, 422, parameters=(UNIT,)),
)
async def get_student(
    request: Request, student_id: str, client: MayRead, limit: Limit = 100, offset: Offset = 0
) -> Response:
    """Records by period, predictions, reported outcomes and the labels made of them, by task.

    It goes through the tasks that share the register of ids, as an erasure does; `not_reached`
    names those that the key is not for, and those that this host does not serve. A key for some
    units reads what is of these. What waits on this host for the registry is there too. That a
    person who is signed in looked is in the audit trail.

    Args:
        request: the request.
        student_id: the school's identifier.
        client: who asks.
        limit: predictions, and reported outcomes, of each task in the answer, at most.
        offset: how many of the newest are left out before the first.
    """
    found = await _found(request, student_id, client)
    tasks = {name: await one.page(offset, limit) for name, one in found.tasks.items()}
    return json_answer(StudentAnswer(**found.fields, limit=limit, offset=offset, tasks=tasks))


async def _found(request: Request, student_id: str, client: Client) -> _Found:
    """What the tasks know of a student, as far as the key may see it.

    Raises:
        InvalidRecord: no id, or no unit where ids are unique within one only.
        ErasedStudent: nothing is known, because the student was erased.
        Problem: 404, nothing is known.
    """
    here = services(request)
    student = named_student(here.task, student_id, request, LONGEST_EVER)
    reached = await reach(request, here, client)
    at = here.now()
    tasks: dict[str, StudentReader] = {}
    erased: list[str] = []
    for name, one in reached.tasks.items():
        try:
            known = await student_reader(one, client, student)
        except ErasedStudent:
            erased.append(name)
            continue
        if known is not None:
            tasks[name] = known
    if not tasks:
        raise ErasedStudent if erased else Problem.of_field("student_id", NOT_KNOWN, 404)
    fields = StudentFields(
        student_id=student_id,
        unit=named_unit(here.task, request),
        at=at,
        not_reached=reached.not_reached,
        erased=erased,
    )
    return _Found(student, fields, tasks, at)
