"""Forgetting a student, and taking an erased one again, in every task of the same register."""

from __future__ import annotations

import asyncio
from collections import Counter
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
from api.payload import named_student, named_unit, read_reason
from api.services import Services, services
from api.students.reach import NOT_KNOWN, among_served, reach
from database.erasing import erasure
from database.erasing.erasure import ErasureReceipt
from database.tombstones import TombstoneRepository
from model.errors import NotFound, Overloaded
from preprocessing.student_ids import LONGEST_EVER

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
    found = await reach(request, here, client)
    now = here.now()
    done: dict[str, TaskErasure] = {}
    async with AsyncExitStack() as held:
        for one in found.tasks.values():
            await held.enter_async_context(one.shipments_held())
        for name, one in found.tasks.items():
            receipt = await _erased(one, student)
            if receipt is not None:
                done[name] = receipt
    if not done:
        raise Problem.of_field("student_id", NOT_KNOWN, 404)
    # The log says that it happened, and not to whom.
    await record(here.root, client.name, "erase", "student", now=now, detail=", ".join(done))
    deleted: Counter[str] = Counter()
    for one_done in done.values():
        deleted.update(one_done["deleted"])
    own = done.get(here.task.name)
    return json_answer(
        ErasureAnswer(
            student_id=student_id,
            unit=named_unit(here.task, request),
            at=now,
            deleted=dict(deleted),
            model_versions=own["model_versions"] if own else (),
            tasks=done,
            not_reached=found.not_reached,
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
    served = among_served(request.app.state.paths.all, here, client)
    lifted = []
    for name, one in served.tasks.items():
        if await one.registry.run(TombstoneRepository().lift(one.erased.key.of(student))):
            await one.erased.read()
            lifted.append(name)
    if not lifted:
        raise Problem.of_field("student_id", "was not erased here", 404)
    await record(here.root, client.name, "readmit", "student", now=now, detail=reason)
    return json_answer(
        ReadmissionAnswer(
            student_id=student_id, unit=named_unit(here.task, request), at=now, tasks=lifted
        )
    )


async def _erased(here: Services, student: str) -> TaskErasure | None:
    """Erases a student in one task; None where nothing is known there."""
    waiting = await asyncio.to_thread(outbox.erase, here.folders.outbox, student)
    try:
        receipt: ErasureReceipt = await here.registry.run(
            erasure.erase_student(
                student,
                now=here.now(),
                tombstone_key=here.erased.key,
                waiting=waiting,
            )
        )
    except NotFound:
        return None
    await here.erased.read()
    await asyncio.to_thread(here.shared_lists.clear)
    if not await asyncio.to_thread(here.empty_registry_log):
        raise Overloaded("erased, but the registry's log cannot be emptied yet")
    return TaskErasure(
        deleted={**receipt.deleted, "outbox": len(waiting)},
        model_versions=receipt.model_versions,
    )
