"""How Farol is doing, and what it can be asked."""

from __future__ import annotations

from typing import cast

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import health
from api.access import MayRead
from api.answers import (
    FeatureAnswer,
    HealthAnswer,
    LiveAnswer,
    ReadyAnswer,
    TaskAnswer,
    TaskStatusAnswer,
)
from api.http.json_answer import json_answer
from api.metrics import MEDIA_TYPE
from api.operation import TEXT, operation
from api.services import services
from preprocessing.task.columns import Column, Kind
from preprocessing.task.spec import TaskSpec

STATUS_KEYS = {"concern", "alert", "critical", "min_known_weight"}

router = APIRouter(tags=["system"])


@router.get(
    "/health",
    summary="The parts and their state",
    **operation(HealthAnswer, also=(503,), key=False),
)
async def get_health(request: Request) -> Response:
    """200 while predictions are answered, even if something else is wrong; 503 otherwise."""
    report = await health.report(services(request))
    return json_answer(report, 200 if report["ready"] else 503)


@router.get("/health/live", summary="Whether the worker runs", **operation(LiveAnswer, key=False))
async def get_live() -> Response:
    """Answers as long as the event loop turns."""
    document: LiveAnswer = {"status": "ok"}
    return json_answer(document)


@router.get(
    "/health/ready",
    summary="Whether predictions are answered",
    **operation(ReadyAnswer, also=(503,), key=False),
)
async def get_ready(request: Request) -> Response:
    """503 without a champion, or where no record could be kept."""
    here = services(request)
    unable = here.unable()
    document: ReadyAnswer
    if unable is not None:
        document = {"status": "down", "detail": unable}
        return json_answer(document, 503)
    document = {"status": "ok", "model_version": here.champion().version}
    return json_answer(document)


@router.get(
    "/metrics",
    summary="Prometheus metrics of all workers",
    response_class=Response,
    **operation({"text/plain": TEXT}, key=False),
)
async def get_metrics(request: Request) -> Response:
    """One truth, whichever worker answers."""
    here = services(request)
    health.measure(here)
    return Response(here.metrics.page(), headers={"content-type": MEDIA_TYPE})


@router.get("/schema", summary="The task's features", **operation(TaskAnswer))
async def get_schema(request: Request, _client: MayRead) -> Response:
    """Kind, bounds, categories and description of every feature."""
    task = services(request).task
    document: TaskAnswer = {
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
        "status": _status(task),
    }
    return json_answer(document)


def _status(task: TaskSpec) -> TaskStatusAnswer:
    given = task.status.model_dump(include=STATUS_KEYS, exclude_none=True)
    return cast(TaskStatusAnswer, {"scale": task.scale, **given})


def _feature(column: Column) -> FeatureAnswer:
    feature: FeatureAnswer = {
        "name": column.name,
        "kind": column.kind,
        "description": column.description,
        "description_pt": column.description_pt,
    }
    if column.kind is Kind.NUMERIC:
        return feature | {"low": column.low, "high": column.high, "integer": column.integer}
    return feature | {"categories": list(column.categories)}
