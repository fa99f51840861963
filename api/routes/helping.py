"""What was done for students, who looks after them, and the help that they get."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayAct
from api.answers.filled import filled
from api.answers.helping import (
    ActionAnswer,
    AssignmentAnswer,
    InterventionAnswer,
    RemovedAnswer,
)
from api.bodies import ACTION, ASSIGNED, INTERVENTION
from api.helping.reading import (
    Speaker,
    begun,
    own_id,
    read_action,
    read_assignment,
    read_intervention,
)
from api.helping.student import asked_period, place_of, take_student, today, units_of
from api.helping.telling import (
    action_answer,
    intervention_answer,
)
from api.http.body import SMALL, read_body
from api.http.json_answer import json_answer, json_bytes
from api.idempotency.header import IDEMPOTENCY_KEY
from api.idempotency.once import Doing, answered_once
from api.operation import UNIT, operation
from api.payload import named_student, read_object
from api.security import Client
from api.services import Services, services
from database.helping.actions import ActionRepository
from database.helping.assignments import AssignmentRepository
from database.helping.interventions import InterventionRepository
from database.mapping.documents import milliseconds
from model.errors import Conflict, NotFound
from model.helping.action import Action
from model.helping.intervention import Intervention

router = APIRouter(tags=["helping"])


@router.post(
    "/actions", **operation("Says what was done on seeing a student", ActionAnswer, 404, 410, 409,
                            body=ACTION, parameters=(IDEMPOTENCY_KEY,))
)  # fmt: skip
async def act(request: Request, client: MayAct) -> Response:
    """`seen`, `acted` or `not_useful`, with a note and the day to look again, if there is one.

    It is kept as it is said, under the name of the key; the last one of a student counts. Without
    a period it is about the newest list. A caller may give an `action_id`, and then may repeat the
    call. Not kept in the outbox: without the registry it is refused with 503.
    """
    here = services(request)
    sent = await read_body(request.receive, SMALL)
    work = partial(_acted, here, request, client, sent)
    return await answered_once(here.calls, request, client, sent, work)


async def _acted(
    here: Services, request: Request, client: Client, sent: bytes, doing: Doing | None
) -> bytes:
    body = {**read_object(sent)}
    student = take_student(here, client, body)
    place = await place_of(here, client, student, asked_period(here, body.get("period")))
    if doing is not None:
        doing.about(student)
        if body.get("action_id") is None:
            body["action_id"] = doing.id_of()
    action = read_action(body, student, place, _speaker(here, client))
    if not await here.registry.run(ActionRepository().add(action, units_of(client, here.task))):
        action = await _the_same(here, action)
    here.trail.tell(request, client, "act", student_id=action.student_id, detail=action.kind)
    return json_bytes(action_answer(here.task, action))


async def _the_same(here: Services, action: Action) -> Action:
    """What is kept under an id already, where it is what this caller said of this student.

    Raises:
        Conflict: it is something else.
    """
    kept = await here.registry.run(ActionRepository().get(action.action_id))
    if replace(kept, at=action.at) != action:
        raise Conflict("action_id: something else is kept under it; give another one")
    return kept


@router.post(
    "/interventions",
    **operation("Says which help a student gets", InterventionAnswer, 404, 409, 410,
                body=INTERVENTION, parameters=(IDEMPOTENCY_KEY,)),
)  # fmt: skip
async def intervene(request: Request, client: MayAct) -> Response:
    """A kind of help, since when, until when, and how much of it.

    With an `intervention_id` it changes what is said of that one: a field that is not sent stays
    as it was, and `null` takes it away.
    """
    here = services(request)
    sent = await read_body(request.receive, SMALL)
    work = partial(_intervened, here, request, client, sent)
    return await answered_once(here.calls, request, client, sent, work)


async def _intervened(
    here: Services, request: Request, client: Client, sent: bytes, doing: Doing | None
) -> bytes:
    body = {**read_object(sent)}
    student = take_student(here, client, body)
    changed = own_id(body, "intervention_id")
    if doing is not None:
        doing.about(student)
    if changed is None:
        given = await _begin(here, client, student, body, doing)
    else:
        given = await _change(here, client, student, changed, body)
    here.trail.tell(
        request, client, "intervene" if changed is None else "change intervention",
        student_id=given.student_id, detail=f"{given.intervention_id} from {given.start}",
    )  # fmt: skip
    return json_bytes(intervention_answer(here.task, given))


async def _begin(
    here: Services, client: Client, student: str, body: dict[str, Any], doing: Doing | None
) -> Intervention:
    place = await place_of(here, client, student, None)
    said = _speaker(here, client)
    given = read_intervention(here.task, body, begun(body, student, place, said), said)
    if doing is not None:
        given = replace(given, intervention_id=doing.id_of())
    try:
        await here.registry.run(InterventionRepository().add(given))
    except Conflict:
        if doing is None:
            raise
        # The same call, when it was first sent, kept it and came no further.
        return await here.registry.run(InterventionRepository().get(given.intervention_id))
    return given


async def _change(
    here: Services, client: Client, student: str, intervention_id: str, body: dict[str, Any]
) -> Intervention:
    known = await _intervention(here, client, intervention_id)
    if known.student_id != student:
        raise NotFound(InterventionRepository.missing.format(intervention_id))
    said = _speaker(here, client)

    def change(was: Intervention) -> Intervention:
        return read_intervention(here.task, body, was, said)

    return await here.registry.run(InterventionRepository().change(intervention_id, change))


@router.delete(
    "/interventions/{intervention_id}",
    **operation("Removes an intervention that never was", RemovedAnswer, 404),
)
async def remove_intervention(request: Request, intervention_id: str, client: MayAct) -> Response:
    """For what was written down by mistake; help that ended gets its last day instead."""
    here = services(request)
    given = await _intervention(here, client, intervention_id)
    removed = await here.registry.run(InterventionRepository().remove(intervention_id))
    if removed:
        here.trail.tell(
            request, client, "remove intervention",
            student_id=given.student_id, detail=intervention_id,
        )  # fmt: skip
    return json_answer(RemovedAnswer(intervention_id=intervention_id, removed=removed))


async def _intervention(here: Services, client: Client, intervention_id: str) -> Intervention:
    """The intervention of that id, if the key may know it.

    Raises:
        NotFound: there is none, or it is of another unit.
    """
    known = await here.registry.run(InterventionRepository().get(intervention_id))
    units = units_of(client, here.task)
    if units is not None and known.unit not in units:
        raise NotFound(InterventionRepository.missing.format(intervention_id))
    return known


@router.put(
    "/students/{student_id:path}/assigned",
    **operation(
        "Says who looks after a student", AssignmentAnswer, 404, 410,
        body=ASSIGNED, parameters=(UNIT,),
    ),
)  # fmt: skip
async def assign(request: Request, student_id: str, client: MayAct) -> Response:
    """`person` is a name as keys and people have it; empty is nobody. The last one counts."""
    here = services(request)
    student = named_student(here.task, student_id, request)
    body = read_object(await read_body(request.receive, SMALL))
    place = await place_of(here, client, student, None)
    said = read_assignment(body, student, place, _speaker(here, client))
    kept = await here.registry.run(AssignmentRepository().put(said))
    here.trail.tell(request, client, "assign", student_id=student, detail=said.person)
    return json_answer(filled(AssignmentAnswer, kept, student_id=student_id))


def _speaker(here: Services, client: Client) -> Speaker:
    """The caller, at the moment as the registry keeps it."""
    return Speaker(client.name, milliseconds(here.now()), today(here))
