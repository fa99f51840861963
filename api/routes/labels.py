"""What really happened, fed back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api import outbox
from api.answers import json_answer, needs
from api.body import LARGE, read_body
from api.outcomes import OutcomeReader, Reported, items
from api.payload import read_json
from api.security import Client
from api.services import Services, services
from database import labels, predictions
from model.access import Scope
from model.label import JoinStatus, Outcome

router = APIRouter(tags=["labels"])
MayLabel = Annotated[Client, Depends(needs(Scope.LABEL))]

COUNTED = (JoinStatus.JOINED, JoinStatus.ORPHANED, JoinStatus.DUPLICATE, JoinStatus.CORRECTED)


@router.post("/labels", summary="Reports outcomes")
async def post_labels(request: Request, client: MayLabel) -> Response:
    """Each outcome is joined to the features that were known when predicting, and counted once."""
    here = services(request)
    found = items(read_json(await read_body(request.receive, LARGE)))
    now = here.now()
    reported = list(OutcomeReader(here.task).all(found, now=now, source=client.name))
    outcomes = [item.outcome for item in reported if item.outcome is not None]
    await _bring_in(here, outcomes)
    decisions = await here.registry.run(labels.record(outcomes, now=now)) if outcomes else []
    counts = Counter(decision.status for decision in decisions)
    good = [item.index for item in reported if item.outcome is not None]
    rejected = _refused(reported) | {
        index: decision.reason
        for index, decision in zip(good, decisions, strict=True)
        if decision.status is JoinStatus.REJECTED
    }
    for status, number in counts.items():
        here.metrics.labels.labels(status.value).inc(number)
    return json_answer(
        {
            "accepted": len(found) - len(rejected),
            **{status.value: counts[status] for status in COUNTED},
            "rejected": [{"index": i, "reason": r} for i, r in sorted(rejected.items())],
        }
    )


def _refused(reported: Sequence[Reported]) -> dict[int, str]:
    return {item.index: item.reason for item in reported if item.outcome is None}


async def _bring_in(here: Services, outcomes: Sequence[Outcome]) -> None:
    """Predictions that are being labelled and still wait on this host go to the registry first."""
    wanted = [o.prediction_id for o in outcomes if o.prediction_id is not None]
    students = [o.student_id for o in outcomes if o.student_id is not None]
    waiting = await asyncio.to_thread(outbox.find, here.folders.outbox, wanted, students)
    if waiting:
        await here.registry.run(predictions.add_many(waiting))
