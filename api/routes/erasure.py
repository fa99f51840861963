"""Forgetting a student, and taking an erased one again.

Both reach every task whose ids come from the same register (`id.namespace` of the TaskSpec), so a
child is not left behind in the next task; where a task names none, its ids are its own.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayDecide
from api.answers.predictions import ErasureAnswer, ReadmissionAnswer, TaskErasure
from api.bodies import REASON
from api.durability import outbox
from api.http.body import SMALL, read_body
from api.http.json_answer import json_answer
from api.http.problems import Problem
from api.manual_moves import record
from api.operation import UNIT, operation
from api.payload import named_student, read_reason
from api.security import Client
from api.services import Services, services
from database.erasing import erasure
from database.erasing.erasure import ErasureReceipt
from database.tasks import TaskRecord, TaskRepository
from database.tombstones import TombstoneRepository
from model.errors import ConfigurationError, NotFound, Overloaded
from preprocessing.dataset import record_id
from preprocessing.student_ids import LONGEST_EVER
from preprocessing.task.spec import parse_task

router = APIRouter(tags=["students"])


@router.delete(
    "/students/{student_id:path}",
    **operation("Erases a student everywhere", ErasureAnswer, 404, 422, parameters=(UNIT,)),
)
async def erase_student(request: Request, student_id: str, client: MayDecide) -> Response:
    """A receipt with what was erased and the model versions that trained on the student.

    `tasks` tells it for each task that shares the register of ids; `not_reached` names those that
    the key is not for, and those of the installation that this host does not serve. Records of the
    student that come later, by whatever way, are refused.
    """
    here = services(request)
    student = named_student(here.task, student_id, request, LONGEST_EVER)
    sharing, not_reached = _sharing(request, here, client)
    not_reached += await _elsewhere(request, here)
    now = here.now()
    done: dict[str, TaskErasure] = {}
    async with AsyncExitStack() as held:
        for one in sharing.values():
            await held.enter_async_context(one.shipments_held())
        for name, one in sharing.items():
            receipt = await _erased(one, student)
            if receipt is not None:
                done[name] = receipt
    if not done:
        raise Problem.of_field("student_id", "nothing is known of it", 404)
    # The log says that it happened, and not to whom.
    await record(here.root, client.name, "erase", "student", now=now, detail=", ".join(done))
    deleted: Counter[str] = Counter()
    for one_done in done.values():
        deleted.update(one_done["deleted"])
    own = done.get(here.task.name)
    return json_answer(
        ErasureAnswer(
            student_id=student_id,
            unit=_unit(here, request),
            at=now,
            deleted=dict(deleted),
            model_versions=own["model_versions"] if own else (),
            tasks=done,
            not_reached=not_reached,
        )
    )


@router.post(
    "/students/{student_id:path}/readmit",
    **operation(
        "Takes an erased student again", ReadmissionAnswer, 404, body=REASON, parameters=(UNIT,)
    ),
)
async def readmit_student(request: Request, student_id: str, client: MayDecide) -> Response:
    """Lifts the tombstone; what was erased stays erased. `reason` in the body is recorded."""
    here = services(request)
    student = named_student(here.task, student_id, request, LONGEST_EVER)
    reason = read_reason(await read_body(request.receive, SMALL))
    now = here.now()
    sharing, _ = _sharing(request, here, client)
    lifted = []
    for name, one in sharing.items():
        if await one.registry.run(TombstoneRepository().lift(one.erased.key.of(student))):
            await one.erased.read()
            lifted.append(name)
    if not lifted:
        raise Problem.of_field("student_id", "was not erased here", 404)
    await record(here.root, client.name, "readmit", "student", now=now, detail=reason)
    return json_answer(
        ReadmissionAnswer(student_id=student_id, unit=_unit(here, request), at=now, tasks=lifted)
    )


def _unit(here: Services, request: Request) -> str | None:
    return request.query_params.get("unit") if here.task.id.unique_within else None


def _sharing(
    request: Request, here: Services, client: Client
) -> tuple[Mapping[str, Services], list[str]]:
    """The tasks in which the id means the same child, and the names of those out of reach."""
    own = here.task.id
    sharing = {
        name: one
        for name, one in request.app.state.paths.all.items()
        if one is here or (own.namespace is not None and one.task.id.namespace == own.namespace)
    }
    reached = {
        name: one
        for name, one in sharing.items()
        if client.may_see(name) and one.task.id.unique_within == own.unique_within
    }
    return reached, sorted(sharing.keys() - reached.keys())


async def _elsewhere(request: Request, here: Services) -> list[str]:
    """Tasks of the same register that this host does not serve: retired, or another host's."""
    if here.task.id.namespace is None:
        return []
    recorded = await here.root.run(TaskRepository().all())
    served = request.app.state.paths.all
    others = [one for one in recorded if one.name not in served]
    return [one.name for one in others if _may_share(one, here.task.id.namespace)]


def _may_share(task: TaskRecord, namespace: str) -> bool:
    """Whether its ids are of that register; where that cannot be read it is named in vain."""
    try:
        return parse_task(task.spec, source=task.name).id.namespace == namespace
    except ConfigurationError:
        return True


async def _erased(here: Services, student: str) -> TaskErasure | None:
    """Erases a student in one task; None where nothing is known there."""
    waiting = await asyncio.to_thread(outbox.erase, here.folders.outbox, student)
    try:
        receipt: ErasureReceipt = await here.registry.run(
            erasure.erase_student(
                student,
                now=here.now(),
                hashed=record_id,
                tombstone_key=here.erased.key,
                waiting=waiting,
            )
        )
    except NotFound:
        return None
    await here.erased.read()
    if not await asyncio.to_thread(here.empty_registry_log):
        raise Overloaded("erased, but the registry's log cannot be emptied yet")
    return TaskErasure(
        deleted={**receipt.deleted, "outbox": len(waiting)},
        model_versions=receipt.model_versions,
    )
