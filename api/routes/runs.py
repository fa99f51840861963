"""Retraining runs and drift reports."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer, needs
from api.body import SMALL, read_body
from api.decisions import record
from api.payload import read_object
from api.problems import Problem
from api.security import Client
from api.services import services
from database import drift_reports, runs
from model.access import Scope
from model.run import Run, RunStatus

router = APIRouter(tags=["retraining"])
MayRead = Annotated[Client, Depends(needs(Scope.READ))]
MayDecide = Annotated[Client, Depends(needs(Scope.ADMIN))]
Limit = Annotated[int, Query(ge=1, le=500)]

OPTIONS: Mapping[str, tuple[type, ...]] = {
    "window": (int,),
    "seed": (int,),
    "min_recall_gain": (int, float),
    "dry_run": (bool,),
}


@router.post("/train", status_code=202, summary="Asks for a retraining run")
async def train(request: Request, client: MayDecide) -> Response:
    """The worker takes it up; `GET /runs/{run_id}` tells how far it is."""
    here = services(request)
    options = _options(read_object(await read_body(request.receive, SMALL)))
    now = here.now()
    run = Run(uuid.uuid4().hex, RunStatus.QUEUED, client.name, now, options=options)
    await here.registry.run(runs.start(run))
    await record(here.registry, client.name, "train", run.run_id, now=now)
    return json_answer({"run_id": run.run_id, "status": run.status}, 202)


@router.get("/runs", summary="Runs, newest first")
async def get_runs(request: Request, _client: MayRead, limit: Limit = 50) -> Response:
    """Each with the steps it has finished."""
    return json_answer({"runs": await services(request).registry.run(runs.newest(limit))})


@router.get("/runs/{run_id}", summary="One run")
async def get_run(request: Request, run_id: str, _client: MayRead) -> Response:
    """How far it came, and what it decided."""
    return json_answer(await services(request).registry.run(runs.get(run_id)))


@router.get("/drift", summary="Drift reports, newest first", tags=["drift"])
async def get_drift(request: Request, _client: MayRead, limit: Limit = 20) -> Response:
    """What moved since the champion was trained."""
    found = await services(request).registry.run(drift_reports.newest(limit))
    return json_answer({"reports": found})


@router.get("/drift/{report_id}", summary="One drift report", tags=["drift"])
async def get_drift_report(request: Request, report_id: str, _client: MayRead) -> Response:
    """Feature by feature."""
    return json_answer(await services(request).registry.run(drift_reports.get(report_id)))


def _options(body: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in body.items():
        if name not in OPTIONS:
            raise Problem.of_field(name, f"is no option; known are {', '.join(OPTIONS)}")
        allowed = OPTIONS[name]
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            raise Problem.of_field(name, f"must be of type {allowed[-1].__name__}")
    return dict(body)
