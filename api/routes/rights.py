"""Rights of the person: objection, rectification, and who has seen the student.

Handing out all that is known is in `api.routes.dossiers`, erasure in `api.routes.erasure`.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayAct, MayDecide, MaySendFiles
from api.answers.dossiers import StudentCorrection
from api.answers.filled import filled
from api.answers.rights import (
    CorrectionAnswer,
    LiftedAnswer,
    ObjectionAnswer,
    SeenByAnswer,
    SeerFields,
    SightFields,
)
from api.bodies import CORRECTION, REASON
from api.http.body import SMALL, read_body
from api.http.json_answer import json_answer
from api.http.problems import Problem
from api.http.request_ids import request_id_of
from api.operation import UNIT, operation
from api.payload import named_student, named_unit, read_object, read_reason
from api.rights.belonging import unit_of
from api.rights.correcting import read_correction, rescored
from api.rights.seeing import sights
from api.routes.students import Limit, Offset
from api.services import services
from api.students.reach import NOT_KNOWN, among_served, reach
from database.mapping.documents import milliseconds
from database.rights.objections import ObjectionRepository
from database.rights.rectifying import rectify
from model.rights.objection import Objection
from model.rights.seen import seers
from preprocessing.student_ids import LONGEST_EVER

router = APIRouter(tags=["rights"])


@router.post(
    "/students/{student_id:path}/objection",
    **operation(
        "Keeps that a student objects to being scored", ObjectionAnswer, 404, 410,
        body=REASON, parameters=(UNIT,),
    ),
)  # fmt: skip
async def object_to_scoring(request: Request, student_id: str, client: MayAct) -> Response:
    """From now on the student is neither scored nor learned from, whatever files say of them.

    It holds in every task that shares the register of ids and that the key is for, on this worker
    at once and on every other within two seconds. Versions that learned from the student stay as
    they are. An objection that stands already stays as it is.
    """
    here = services(request)
    student = named_student(here.task, student_id, request, LONGEST_EVER)
    reason = read_reason(await read_body(request.receive, SMALL))
    reached = await reach(request, here, client)
    units = {name: await unit_of(one, client, student) for name, one in reached.tasks.items()}
    if not any(unit is not None for unit in units.values()):
        here.erased.check(student)
        raise Problem.of_field("student_id", NOT_KNOWN, 404)
    now = milliseconds(here.now())
    stands: dict[str, Objection] = {}
    for name, one in reached.tasks.items():
        # Where nothing is known of the student yet, something may be tomorrow.
        said = Objection(student, now, client.name, reason, units[name] or "")
        stands[name] = await one.registry.run(ObjectionRepository().lay(said))
        one.trail.tell(request, client, "objection", student_id=student)
        await one.objections.read()
    return json_answer(
        filled(
            ObjectionAnswer,
            stands.get(here.task.name) or next(iter(stands.values())),
            student_id=student_id,
            unit=named_unit(here.task, request),
            tasks=list(stands),
            not_reached=reached.not_reached,
        )
    )


@router.delete(
    "/students/{student_id:path}/objection",
    **operation("Lifts an objection", LiftedAnswer, 404, body=REASON, parameters=(UNIT,)),
)
async def lift_objection(request: Request, student_id: str, client: MayDecide) -> Response:
    """The student is scored and learned from again.

    `reason` in the body is kept in the audit trail, where no erasure reaches it: it names nobody.
    """
    here = services(request)
    student = named_student(here.task, student_id, request, LONGEST_EVER)
    reason = read_reason(await read_body(request.receive, SMALL))
    lifted = []
    for name, one in among_served(request.app.state.paths.all, here, client).tasks.items():
        if await one.registry.run(ObjectionRepository().lift(student)):
            one.trail.tell(request, client, "objection lifted", student_id=student, detail=reason)
            await one.objections.read()
            lifted.append(name)
    if not lifted:
        raise Problem.of_field("student_id", "does not object here", 404)
    return json_answer(
        LiftedAnswer(
            student_id=student_id,
            unit=named_unit(here.task, request),
            at=here.now(),
            tasks=lifted,
        )
    )


@router.post(
    "/students/{student_id:path}/corrections",
    **operation(
        "Puts values of a student right", CorrectionAnswer, 404, 410,
        body=CORRECTION, parameters=(UNIT,),
    ),
)  # fmt: skip
async def correct_student(request: Request, student_id: str, client: MaySendFiles) -> Response:
    """`values` holds columns of the school's record of `period`, or its outcome, as they are right.

    What stood there is kept with who put it right, when and why. The label is made anew and the
    newest record scored again; predictions that were served stay what was answered. A school file
    that repeats the error later is put right again when it is read.
    """
    here = services(request)
    student = named_student(here.task, student_id, request)
    body = read_object(await read_body(request.receive, SMALL))
    wanted = await read_correction(here, client, student, body)
    done = await here.registry.run(rectify(wanted))
    told = f"{len(done.said)} values of {wanted.period}"
    here.trail.tell(request, client, "correction", student_id=student, detail=told)
    return json_answer(
        CorrectionAnswer(
            student_id=student_id,
            unit=named_unit(here.task, request),
            at=wanted.at,
            corrections=[filled(StudentCorrection, one) for one in done.said],
            rescored=await rescored(here, client, done, student_id, request_id_of(request)),
        )
    )


@router.get(
    "/students/{student_id:path}/seen-by",
    **operation("Who has seen a student", SeenByAnswer, 404, 422, parameters=(UNIT,)),
)
async def seen_by(
    request: Request, student_id: str, client: MayDecide, limit: Limit = 100, offset: Offset = 0
) -> Response:
    """Keys and people with times: by the audit trail, and by the log of predictions.

    Of an erased student the audit trail tells what it told before, to whoever knows the id.

    Args:
        request: the request.
        student_id: the school's identifier.
        client: who asks; that somebody asked is in the audit trail too.
        limit: times in `seen`, at most.
        offset: how many of the newest are left out before the first.
    """
    here = services(request)
    student = named_student(here.task, student_id, request, LONGEST_EVER)
    reached = among_served(request.app.state.paths.all, here, client)
    found = await sights(here, reached.tasks.values(), student)
    if not found:
        raise Problem.of_field("student_id", NOT_KNOWN, 404)
    return json_answer(
        SeenByAnswer(
            student_id=student_id,
            unit=named_unit(here.task, request),
            at=here.now(),
            total=len(found),
            limit=limit,
            offset=offset,
            seers=[filled(SeerFields, one) for one in seers(found)],
            seen=[filled(SightFields, one) for one in found[offset : offset + limit]],
        )
    )
