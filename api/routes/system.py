"""How Farol is doing, and what it can be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import health
from api.access import MayRead, MayReadAnyTask
from api.answers.filled import filled
from api.answers.system import (
    CategoryFeature,
    DerivedFeature,
    HealthAnswer,
    ListedIntervention,
    ListedTask,
    LiveAnswer,
    NumericFeature,
    ReadyAnswer,
    TaskAnswer,
    TaskCutoffs,
    TaskOutcome,
    TasksAnswer,
)
from api.http.json_answer import json_answer
from api.metrics.files import MEDIA_TYPE
from api.operation import TEXT, operation
from api.services import ONE_TASK, services
from api.students.assessment import shown_middles
from api.units import UnitLimit
from model.student import Value
from preprocessing.task.columns import Column, Kind
from preprocessing.task.helping import InterventionKind

router = APIRouter(tags=["system"])


@router.get(
    "/health", **operation("The parts and their state", HealthAnswer, also=(503,), key=False)
)
async def get_health(request: Request) -> Response:
    """200 while predictions are answered, even if something else is wrong; 503 otherwise."""
    if request.scope.get(ONE_TASK):
        report = await health.report(services(request))
    else:
        report = await health.report_all(request.app.state.paths.all)
    return json_answer(report, 200 if report["ready"] else 503)


@router.get("/health/live", **operation("Whether the worker runs", LiveAnswer, key=False))
async def get_live() -> Response:
    """Answers as long as the event loop turns."""
    return json_answer(LiveAnswer(status="ok"))


@router.get(
    "/health/ready",
    **operation("Whether predictions are answered", ReadyAnswer, also=(503,), key=False),
)
async def get_ready(request: Request) -> Response:
    """503 without a champion, or where no record could be kept."""
    here = services(request)
    unable = here.unable()
    if unable is not None:
        return json_answer(ReadyAnswer(status="down", detail=unable), 503)
    return json_answer(ReadyAnswer(status="ok", model_version=here.champion().version))


@router.get(
    "/metrics",
    response_class=Response,
    **operation("Prometheus metrics of all workers", {"text/plain": TEXT}, key=False),
)
async def get_metrics(request: Request) -> Response:
    """One truth, whichever worker answers; the registry is not asked."""
    here = services(request)
    health.measure(here)
    page = await asyncio.to_thread(here.metrics.host.page)
    return Response(page, headers={"content-type": MEDIA_TYPE})


@router.get("/tasks", **operation("The tasks of this installation", TasksAnswer))
async def list_tasks(request: Request, client: MayReadAnyTask) -> Response:
    """Every call is also under `path`, about that task; without it the default task is meant."""
    listed = [
        ListedTask(
            task=name,
            title=one.task.title,
            title_pt=one.task.title_pt,
            default=one is request.app.state.services,
            path=f"/tasks/{name}",
            model_version=one.holder.current.version if one.holder.current else None,
        )
        for name, one in request.app.state.paths.all.items()
        if client.may_see(name)
    ]
    return json_answer(TasksAnswer(tasks=listed))


@router.get("/schema", **operation("The task's features", TaskAnswer))
async def get_schema(request: Request, client: MayRead) -> Response:
    """Kind, bounds, categories, words and middle of every feature, and the derived numbers.

    To a key for some units the middle of their students is told, in place of the champion's.
    """
    here = services(request)
    task = here.task
    own = await here.own_figures(UnitLimit.of(client, task))
    middle = shown_middles(here.holder.current, own)
    outcome = task.outcome
    status = task.status.model_dump(include={*TaskCutoffs.__annotations__}, exclude_none=True)
    return json_answer(
        filled(
            TaskAnswer,
            task,
            task=task.name,
            features=[_feature(column, middle) for column in task.features],
            derived=[filled(DerivedFeature, d, middle=middle.get(d.name)) for d in task.derived],
            units=[_feature(column, {}) for column in task.unit],
            unique_within=task.id.unique_within,
            outcome=filled(TaskOutcome, outcome, column=outcome.column.name),
            interventions=[_intervention(kind) for kind in task.interventions],
            status=filled(TaskCutoffs, None, scale=task.scale, **status),
        )
    )


def _intervention(kind: InterventionKind) -> ListedIntervention:
    label = kind.label or kind.name
    return filled(
        ListedIntervention,
        kind,
        label=label,
        label_pt=kind.label_pt or label,
        dose_unit_pt=kind.dose_unit_pt or kind.dose_unit,
    )


def _feature(column: Column, middle: Mapping[str, Value]) -> NumericFeature | CategoryFeature:
    found = middle.get(column.name)
    if column.kind is Kind.NUMERIC:
        return filled(NumericFeature, column, middle=found)
    return filled(CategoryFeature, column, categories=[*column.categories], middle=found)
