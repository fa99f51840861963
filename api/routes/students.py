"""Who needs help, and forgetting a student."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api import outbox
from api.answers import json_answer, needs
from api.champion import Champion
from api.decisions import record
from api.payload import Asked, read_student_id
from api.problems import Problem
from api.scoring import explanation
from api.security import Client
from api.services import services
from database import erasure, students
from database.operations import Op
from model.access import Scope
from model.errors import NotFound
from model.prediction import RiskStatus
from model.student import Observation
from preprocessing.dataset import record_id
from preprocessing.fields import Longitudinal
from preprocessing.longitudinal import recalled_observations

router = APIRouter(tags=["students"])
MayRead = Annotated[Client, Depends(needs(Scope.READ))]
MayDecide = Annotated[Client, Depends(needs(Scope.ADMIN))]
Limit = Annotated[int, Query(ge=1, le=1_000)]
Offset = Annotated[int, Query(ge=0)]
WORRYING = frozenset({RiskStatus.ALERT, RiskStatus.CRITICAL})


@router.get("/students/at-risk", summary="Who needs help, by score, with the reasons")
async def at_risk(
    request: Request,
    _client: MayRead,
    period: str | None = None,
    status: RiskStatus | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """Scores what the feature store knows of a period (the newest one unless given)."""
    here = services(request)
    champion = here.champion()
    known = await here.registry.run(students.periods())
    asked = period or (known[-1] if known else None)
    if period is not None and period not in known:
        raise Problem.of_field("period", "nothing is known of this period", 404)
    observed = await here.registry.run(_observed(asked, here.task.longitudinal)) if asked else []
    wanted = frozenset({status}) if status else WORRYING
    found = await asyncio.to_thread(_ranked, champion, observed, wanted)
    page = await asyncio.to_thread(_explained, champion, found[offset : offset + limit])
    return json_answer(
        {
            "period": asked,
            "model_version": champion.version,
            "total": len(found),
            "limit": limit,
            "offset": offset,
            "students": page,
        }
    )


@router.delete("/students/{student_id:path}", summary="Erases a student everywhere")
async def erase(request: Request, student_id: str, client: MayDecide) -> Response:
    """A receipt with what was erased and the model versions that trained on the student."""
    here = services(request)
    student = read_student_id(student_id)
    now = here.now()
    async with here.shipments_held():
        waiting = await asyncio.to_thread(outbox.erase, here.folders.outbox, student)
        try:
            receipt = await here.registry.run(
                erasure.erase_student(student, now=now, hashed=record_id)
            )
        except NotFound as error:
            if not waiting:
                raise Problem.of_field("student_id", "nothing is known of it", 404) from error
            receipt = erasure.ErasureReceipt(now, {}, ())
    # The log says that it happened, and not to whom.
    await record(here.registry, client.name, "erase", "student", now=now)
    return json_answer(
        {
            "student_id": student,
            "at": receipt.at,
            "deleted": {**receipt.deleted, "outbox": waiting},
            "model_versions": receipt.model_versions,
        }
    )


def _observed(period: str, plan: Longitudinal | None) -> Op[list[Observation]]:
    """What is known of a period, with what the students' earlier periods add to it."""
    observed = yield from students.in_period(period)
    if plan is None:
        return observed
    known = yield from students.get_many([o.student_id for o in observed])
    return recalled_observations(plan, observed, known)


def _ranked(
    champion: Champion, observed: Sequence[Observation], wanted: frozenset[RiskStatus]
) -> list[tuple[float, Observation]]:
    """Observations whose status is wanted, highest risk first."""
    if not observed:
        return []
    risks = champion.predictor.score_many([o.features for o in observed]).tolist()
    found = [
        (risk, observation)
        for risk, observation in zip(risks, observed, strict=True)
        if champion.thresholds.status(risk) in wanted
    ]
    return sorted(found, key=lambda pair: (-pair[0], pair[1].student_id))


def _explained(
    champion: Champion, found: Sequence[tuple[float, Observation]]
) -> list[dict[str, Any]]:
    thresholds = champion.thresholds
    return [
        {
            "student_id": o.student_id,
            "period": o.period,
            "risk_score": risk,
            "risk_label": thresholds.label(risk),
            "status": thresholds.status(risk),
            "model_version": champion.version,
            **explanation(champion, Asked(o.student_id, o.period, o.features)),
        }
        for risk, o in found
    ]
