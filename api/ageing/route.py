"""How long records are kept, what the next night would remove, and what stays of what went."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayReadAll
from api.answers.filled import filled
from api.answers.retention import (
    KindRetention,
    RetentionAnswer,
    ServedDayAnswer,
    ServedDaysAnswer,
)
from api.http.json_answer import json_answer
from api.operation import operation
from api.services import services
from database.ageing.kinds import KINDS
from database.ageing.records import AgeingRepository, ServedDayRepository
from model.ageing.record import NOTICE, AgeingRecord
from preprocessing.task.policies import RetentionPolicy

router = APIRouter(tags=["retention"])

Limit = Annotated[int, Query(ge=1, le=400)]


@router.get("/retention", **operation("How long records are kept", RetentionAnswer))
async def get_retention(request: Request, _client: MayReadAll) -> Response:
    """Each kind of records with its age, and what was older at the last look.

    The worker looks each night. What a new age would remove is told here for a week before it goes.
    """
    here = services(request)
    looked = await here.registry.run(AgeingRepository().current())
    return json_answer(
        RetentionAnswer(
            at=None if looked is None else looked.at,
            notice_days=NOTICE.days,
            kinds=[_told(kind.name, here.task.retention, looked) for kind in KINDS],
        )
    )


@router.get(
    "/retention/days", **operation("What stays of removed predictions", ServedDaysAnswer, 422)
)
async def list_served_days(request: Request, _client: MayReadAll, limit: Limit = 60) -> Response:
    """By day, newest first: counts and mean scores of ten students or more.

    A null `unit` is every school that has no line of its own, a null `status` likewise.
    """
    found = await services(request).registry.run(ServedDayRepository().newest(limit))
    return json_answer(ServedDaysAnswer(days=[filled(ServedDayAnswer, day) for day in found]))


def _told(kind: str, policy: RetentionPolicy, looked: AgeingRecord | None) -> KindRetention:
    days: int | None = getattr(policy, f"{kind}_days")
    found = None if looked is None else looked.of(kind)
    removes_from: datetime | None = None
    if found is not None and found.days == days:
        removes_from = found.removes_from
    return KindRetention(
        kind=kind,
        days=days,
        found=0 if found is None else found.found,
        oldest=None if found is None else found.oldest,
        removes_from=removes_from,
        removed=0 if found is None else found.removed,
        removed_at=None if found is None else found.removed_at,
    )
