"""What really happened, fed back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayLabel
from api.answers.predictions import LabelsAnswer
from api.bodies import LABELS
from api.durability import outbox
from api.http.body import LARGE, read_body
from api.http.json_answer import json_answer
from api.operation import operation
from api.outcomes import OutcomeReader, Reported, items
from api.payload import read_json
from api.services import Services, services
from api.units import UnitLimit
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


@router.post("/labels", **operation("Reports outcomes", LabelsAnswer, body=LABELS))
async def label(request: Request, client: MayLabel) -> Response:
    """Each outcome is joined to the features that were known when predicting, and counted once."""
    here = services(request)
    found = items(read_json(await read_body(request.receive, LARGE)))
    now = here.now()
    reader = OutcomeReader(here.task, UnitLimit.of(client, here.task))
    read = list(reader.all(found, now=now, source=client.name))
    reported = await _without_erased(here, read)
    outcomes = [item.outcome for item in reported if item.outcome is not None]
    await _bring_in(here, outcomes)
    recorded = record_outcomes(outcomes, now=now, most_waiting=MOST_WAITING)
    decisions = await here.registry.run(recorded) if outcomes else []
    counts = Counter(decision.status for decision in decisions)
    good = [item.index for item in reported if item.outcome is not None]
    rejected = _refused(reported) | {
        index: decision.reason
        for index, decision in zip(good, decisions, strict=True)
        if decision.status is JoinStatus.REJECTED
    }
    for status, number in counts.items():
        here.metrics.labelled(status.value, number)
    return json_answer(
        LabelsAnswer(
            accepted=len(found) - len(rejected),
            joined=counts[JoinStatus.JOINED],
            orphaned=counts[JoinStatus.ORPHANED],
            duplicate=counts[JoinStatus.DUPLICATE],
            corrected=counts[JoinStatus.CORRECTED],
            early=sum(decision.early for decision in decisions),
            rejected=[{"index": i, "reason": r} for i, r in sorted(rejected.items())],
        )
    )


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
