"""How the champion does: measured on outcomes, expected before them, and its log by the hour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayReadAll
from api.answers.filled import filled
from api.answers.performance import PerformanceAnswer
from api.http.json_answer import json_answer
from api.operation import operation
from api.services import services
from database.watch.statistics import (
    EstimateRepository,
    HourStatisticsRepository,
    PerformanceRepository,
)

router = APIRouter(tags=["drift"])

Hours = Annotated[int, Query(ge=1, le=1_440, description="Served hours that are told, the newest.")]
ESTIMATES = 12
NOTHING_YET: Mapping[str, Any] = {
    "model_version": None, "at": None, "labelled": 0, "promised": (), "last": None, "periods": (),
    "days": (), "hours": (), "labelled_shares": (), "degraded": False, "degradations": (),
}  # fmt: skip


@router.get(
    "/performance",
    **operation("How the champion does, measured and expected", PerformanceAnswer, 422),
)
async def get_performance(request: Request, _client: MayReadAll, hours: Hours = 24) -> Response:
    """As the worker measured it last; it measures every hour in which something came."""
    run = services(request).registry.run
    found = await run(PerformanceRepository().current())
    more: dict[str, Any] = {
        "estimated": await run(EstimateRepository().newest(ESTIMATES)),
        "served_hours": await run(HourStatisticsRepository().newest(hours)),
    }
    if found is None:
        return json_answer(filled(PerformanceAnswer, None, **NOTHING_YET, **more))
    return json_answer(filled(PerformanceAnswer, found, **more))
