"""What really happened, fed back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayLabel
from api.answers.predictions import LabelsAnswer
from api.bodies import LABELS
from api.durability import outbox
from api.files.outcome_rows import MEDIA_TYPE, outcome_rows
from api.http.body import LARGE, read_body
from api.http.json_answer import json_bytes
from api.idempotency.header import IDEMPOTENCY_KEY
from api.idempotency.once import Doing, answered_once
from api.operation import operation
from api.outcomes import MOST, OutcomeReader, Reported, items
from api.payload import read_json
from api.security import Client
from api.services import Services, services
from api.units import UnitLimit
from database.driver.paging import in_parts
from database.labelling.recording import record_outcomes
from database.predictions import PredictionRepository
from database.tombstones import TombstoneRepository
from model.anonymous import anonymous
from model.errors import ERASED
from model.label import JoinStatus, Outcome

router = APIRouter(tags=["labels"])

MOST_WAITING = 1_000
"""Outcomes of one client that may wait for their features. A prediction that another host still
keeps is here in seconds; more than this is made-up ids, or outcomes sent before their features."""


@router.post(
    "/labels",
    **operation(
        "Reports outcomes", LabelsAnswer, 409, 410, body=LABELS, parameters=(IDEMPOTENCY_KEY,)
    ),
)
async def label(request: Request, client: MayLabel) -> Response:
    """Each outcome is joined to the features that were known when predicting, and counted once.

    Also as `text/csv`: the file of `GET /outcomes/missing`, filled in; rows without an outcome are
    left out, and `index` counts the rows below the header from 0.
    """
    here = services(request)
    body = await read_body(request.receive, LARGE)
    work = partial(_labelled, here, request, client, body)
    return await answered_once(here.calls, request, client, body, work)


async def _labelled(
    here: Services, request: Request, client: Client, body: bytes, _doing: Doing | None
) -> bytes:
    """The answer names no student, and the same outcome again is a duplicate."""
    if request.headers.get("content-type", "").partition(";")[0].strip() == MEDIA_TYPE:
        found = await asyncio.to_thread(outcome_rows, body, here.task)
    else:
        found = dict(enumerate(items(read_json(body))))
    told = _Told()
    for numbers in in_parts(list(found), MOST):
        await _label(here, client, {number: found[number] for number in numbers}, told)
    for status, number in told.counts.items():
        here.metrics.labelled(status.value, number)
    done = f"{len(found) - len(told.rejected)} of {len(found)} accepted"
    here.trail.tell(request, client, "report", subject="outcomes", detail=done)
    return json_bytes(
        LabelsAnswer(
            accepted=len(found) - len(told.rejected),
            joined=told.counts[JoinStatus.JOINED],
            orphaned=told.counts[JoinStatus.ORPHANED],
            duplicate=told.counts[JoinStatus.DUPLICATE],
            corrected=told.counts[JoinStatus.CORRECTED],
            early=told.early,
            rejected=[{"index": i, "reason": r} for i, r in sorted(told.rejected.items())],
        )
    )


@dataclass(slots=True)
class _Told:
    """What became of the outcomes so far.

    Attributes:
        rejected: place of an outcome in what was sent to why it is none.
    """

    counts: Counter[JoinStatus] = field(default_factory=Counter)
    rejected: dict[int, str] = field(default_factory=dict)
    early: int = 0


async def _label(here: Services, client: Client, found: Mapping[int, Any], told: _Told) -> None:
    """Brings in some outcomes by their places, and counts them."""
    now, places = here.now(), list(found)
    reader = OutcomeReader(here.task, UnitLimit.of(client, here.task), here.pseudonyms)
    read = list(reader.all(list(found.values()), now=now, source=client.name))
    reported = await _without_erased(here, read)
    outcomes = [item.outcome for item in reported if item.outcome is not None]
    await _bring_in(here, outcomes)
    recorded = record_outcomes(outcomes, now=now, most_waiting=MOST_WAITING)
    decisions = await here.registry.run(recorded) if outcomes else []
    good = [item.index for item in reported if item.outcome is not None]
    rejected = _refused(reported) | {
        index: decision.reason
        for index, decision in zip(good, decisions, strict=True)
        if decision.status is JoinStatus.REJECTED
    }
    told.counts.update(decision.status for decision in decisions)
    told.rejected.update((places[index], reason) for index, reason in rejected.items())
    told.early += sum(decision.early for decision in decisions)


def _refused(reported: Sequence[Reported]) -> dict[int, str]:
    return {item.index: item.reason for item in reported if item.outcome is None}


async def _without_erased(here: Services, read: Sequence[Reported]) -> list[Reported]:
    """Refuses outcomes of erased students, and of predictions that were erased with one."""
    about = {item.index: _subjects(item.outcome) for item in read if item.outcome}
    erased = await here.registry.run(
        TombstoneRepository().erased((s for ss in about.values() for s in ss), here.erased.key)
    )
    return [
        Reported(item.index, None, f"student_id: {ERASED}")
        if erased.intersection(about.get(item.index, ()))
        else item
        for item in read
    ]


def _subjects(outcome: Outcome) -> list[str]:
    named = [outcome.student_id] if outcome.student_id else []
    return [*named, anonymous(outcome.prediction_id)] if outcome.prediction_id else named


async def _bring_in(here: Services, outcomes: Sequence[Outcome]) -> None:
    """Predictions that are being labelled and still wait on this host go to the registry first."""
    wanted = [o.prediction_id for o in outcomes if o.prediction_id is not None]
    students = [o.student_id for o in outcomes if o.student_id is not None]
    waiting = await asyncio.to_thread(outbox.find, here.folders.outbox, wanted, students)
    if waiting:
        await here.registry.run(PredictionRepository().add_many(waiting))
