"""Forgetting a student, and taking an erased one again, in every task of the same register."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayDecide
from api.answers.erasures import (
    ErasedHost,
    ErasedTask,
    ErasureReceiptAnswer,
    ErasureReceiptsAnswer,
)
from api.answers.filled import filled
from api.answers.predictions import ErasureAnswer, ReadmissionAnswer
from api.bodies import REASON
from api.durability import outbox
from api.erasing.kept_files import free_kept_files
from api.erasing.telling import horizon, receipt_answer, visible
from api.http.body import SMALL, read_body
from api.http.json_answer import json_answer
from api.http.problems import Problem
from api.operation import UNIT, operation
from api.payload import named_student, named_unit, read_reason
from api.routes.students import Limit
from api.services import Services, services
from api.students.reach import NOT_KNOWN, Reach, among_served, reach
from database.erasing import erasure
from database.erasing.learned import LearnedErasedRepository
from database.erasing.receipts import ErasureRepository
from database.tombstones import TombstoneRepository
from model.erasing import meaning
from model.erasing.receipt import TaskPart
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
    student that come later, by whatever way, are refused. Other hosts free their own files of the
    student within seconds, or when they are back; `receipt_id` tells it then.
    """
    here = services(request)
    student = named_student(here.task, student_id, request, LONGEST_EVER)
    found = await reach(request, here, client)
    done: dict[str, TaskPart] = {}
    async with AsyncExitStack() as held:
        for one in found.tasks.values():
            await held.enter_async_context(one.shipments_held())
        begun = await _begun(found, student)
        if not begun:
            raise Problem.of_field("student_id", NOT_KNOWN, 404)
        receipt = await here.host_erasures.begin(client.name)
        for name, waiting in begun.items():
            done[name] = await _erased(found.tasks[name], student, waiting)
    emptied = [await asyncio.to_thread(found.tasks[name].empty_registry_log) for name in done]
    receipt = await here.host_erasures.finish(
        receipt, tuple(done.values()), found.not_reached, emptied=all(emptied)
    )
    here.trail.tell(request, client, "erase", student_id=student, detail=", ".join(done))
    deleted: Counter[str] = Counter()
    for one_done in done.values():
        deleted.update(one_done.deleted)
    own = done.get(here.task.name, TaskPart(here.task.name, {}))
    current = here.holder.current
    return json_answer(
        ErasureAnswer(
            receipt_id=receipt.receipt_id,
            student_id=student_id,
            unit=named_unit(here.task, request),
            at=receipt.at,
            deleted=dict(deleted),
            model_versions=own.model_versions,
            models=meaning.told(
                own.model_versions,
                serving=current.version if current else None,
                keep_records=own.keep_records,
            ),
            tasks={name: filled(ErasedTask, one) for name, one in done.items()},
            not_reached=found.not_reached,
            hosts=[filled(ErasedHost, one) for one in receipt.hosts],
            backups=horizon(receipt),
        )
    )


@router.get(
    "/erasures",
    **operation("Receipts of erasures, newest first", ErasureReceiptsAnswer, 422),
)
async def list_erasures(request: Request, client: MayDecide, limit: Limit = 50) -> Response:
    """What was erased, where, and which hosts have yet to do it; no student is named."""
    found = await services(request).root.run(ErasureRepository().newest(limit))
    told = [receipt_answer(one, client) for one in found if visible(one, client)]
    return json_answer(ErasureReceiptsAnswer(erasures=told))


@router.get(
    "/erasures/{receipt_id}",
    **operation("The receipt of an erasure", ErasureReceiptAnswer, 404),
)
async def erasure_receipt(request: Request, receipt_id: str, client: MayDecide) -> Response:
    """As it is now: a host that was away erases when it returns, and says so here."""
    found = await services(request).root.run(ErasureRepository().find(receipt_id))
    if found is None or not visible(found, client):
        raise Problem.of_field("receipt_id", "no erasure has this receipt", 404)
    return json_answer(receipt_answer(found, client))


@router.post(
    "/students/{student_id:path}/readmit",
    **operation(
        "Takes an erased student again", ReadmissionAnswer, 404, body=REASON, parameters=(UNIT,)
    ),
)
async def readmit_student(request: Request, student_id: str, client: MayDecide) -> Response:
    """Lifts the tombstone; what was erased stays erased, an objection too.

    `reason` in the body is kept in the audit trail, where no erasure reaches it: it names nobody.
    """
    here = services(request)
    student = named_student(here.task, student_id, request, LONGEST_EVER)
    reason = read_reason(await read_body(request.receive, SMALL))
    now = here.now()
    served = among_served(request.app.state.paths.all, here, client)
    lifted = []
    for name, one in served.tasks.items():
        mark = one.erased.key.of(student)
        if await one.registry.run(TombstoneRepository().lift(mark)):
            await one.registry.run(LearnedErasedRepository().forget(mark))
            await one.erased.read()
            lifted.append(name)
    if not lifted:
        raise Problem.of_field("student_id", "was not erased here", 404)
    here.trail.tell(request, client, "readmit", student_id=student, detail=reason)
    return json_answer(
        ReadmissionAnswer(
            student_id=student_id, unit=named_unit(here.task, request), at=now, tasks=lifted
        )
    )


async def _begun(found: Reach, student: str) -> dict[str, list[str]]:
    """Lays the tombstones in each task that knows the student.

    Returns:
        Those tasks, each to the predictions that waited on this host and are gone.
    """
    begun: dict[str, list[str]] = {}
    for name, one in found.tasks.items():
        waiting = await asyncio.to_thread(outbox.erase, one.folders.outbox, student)
        key = one.erased.key
        laid = erasure.begin(student, now=one.now(), tombstone_key=key, waiting=waiting)
        if await one.registry.run(laid):
            begun[name] = waiting
    return begun


async def _erased(here: Services, student: str, waiting: list[str]) -> TaskPart:
    """Erases a student whose tombstones were laid in one task, the rows of kept files first."""
    files = await free_kept_files(here.registry, here.task.name)
    receipt = await here.registry.run(
        erasure.erase_student(
            student, now=here.now(), tombstone_key=here.erased.key, waiting=waiting, begun=True
        )
    )
    await here.erased.read()
    await asyncio.to_thread(here.shared_lists.clear)
    deleted = {**receipt.deleted, "outbox": len(waiting)}
    if files is not None:
        deleted["files"] = files
    return TaskPart(here.task.name, deleted, receipt.model_versions, receipt.keep_records)
