"""How Farol is doing, and what it can be asked."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api import health
from api.answers import json_answer, needs
from api.metrics import MEDIA_TYPE
from api.security import Client
from api.services import services
from model.access import Scope
from preprocessing.task.columns import Column, Kind

STATUS_KEYS = {"concern", "alert", "critical", "min_known_weight"}

router = APIRouter(tags=["system"])
MayRead = Annotated[Client, Depends(needs(Scope.READ))]


@router.get("/health", summary="The parts and their state")
async def get_health(request: Request) -> Response:
    """200 while predictions are answered, even if something else is wrong; 503 otherwise."""
    report = await health.report(services(request))
    return json_answer(report, 200 if report["ready"] else 503)


@router.get("/health/live", summary="Whether the worker runs")
async def get_live() -> Response:
    """Answers as long as the event loop turns."""
    return json_answer({"status": "ok"})


@router.get("/health/ready", summary="Whether predictions are answered")
async def get_ready(request: Request) -> Response:
    """503 without a champion, or where no record could be kept."""
    here = services(request)
    unable = here.unable()
    if unable is not None:
        return json_answer({"status": "down", "detail": unable}, 503)
    return json_answer({"status": "ok", "model_version": here.champion().version})


@router.get("/metrics", summary="Prometheus metrics of all workers")
async def get_metrics(request: Request) -> Response:
    """One truth, whichever worker answers."""
    here = services(request)
    health.measure(here)
    return Response(here.metrics.page(), headers={"content-type": MEDIA_TYPE})


@router.get("/schema", summary="The task's features")
async def get_schema(request: Request, _client: MayRead) -> Response:
    """Kind, bounds, categories and description of every feature."""
    task = services(request).task
    return json_answer(
        {
            "task": task.name,
            "title": task.title,
            "title_pt": task.title_pt,
            "description": task.description,
            "features": [_feature(column) for column in task.features],
            "outcome": {
                "column": task.outcome.column.name,
                "kind": task.outcome.kind,
                "horizon": task.outcome.horizon,
                "description": task.outcome.description,
            },
            "status": {
                "scale": task.scale,
                **task.status.model_dump(include=STATUS_KEYS, exclude_none=True),
            },
        }
    )


def _feature(column: Column) -> dict[str, Any]:
    feature: dict[str, Any] = {
        "name": column.name,
        "kind": column.kind,
        "description": column.description,
        "description_pt": column.description_pt,
    }
    if column.kind is Kind.NUMERIC:
        return feature | {"low": column.low, "high": column.high, "integer": column.integer}
    return feature | {"categories": list(column.categories)}
