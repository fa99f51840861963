"""Retraining runs and drift reports."""

from __future__ import annotations

import asyncio
import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayDecide, MayReadAll
from api.answers.comparisons import RunLogAnswer
from api.answers.filled import filled
from api.answers.models import DriftAnswer, QueuedAnswer, RunsAnswer
from api.bodies import RUN_OPTIONS
from api.drift_page import page_answer
from api.http.body import SMALL, read_body
from api.http.json_answer import json_answer
from api.http.problems import Problem
from api.operation import TEXT, operation
from api.payload import checked_reason, read_object
from api.services import services
from api.withheld.records import shown_report
from database.drift_reports import DriftReportRepository
from database.runs import RunRepository
from database.watch.pages import DriftPictureRepository
from database.watch.run_logs import RunLogRepository
from drift.page.language import preferred
from model.decisions.cause import requested_by
from model.drift import DriftReport
from model.options import RunOptions
from model.run import Run, RunStatus
from model.watch.run_log import RunLog

router = APIRouter(tags=["retraining"])
Limit = Annotated[int, Query(ge=1, le=500)]

PageLanguageCode = Literal["pt", "en"]

MOST_QUEUED = 20
"""Runs that may wait; one takes a minute, and each looks at what the others have looked at."""

RETRY_AFTER = 60


@router.post(
    "/train",
    **operation("Asks for a retraining run", QueuedAnswer, 429, status=202, body=RUN_OPTIONS),
)
async def train(request: Request, client: MayDecide) -> Response:
    """The worker takes it up; `GET /runs/{run_id}` tells how far it is.

    Where the same run waits already, that one is answered; 429 where too many wait.
    """
    here = services(request)
    body = {**read_object(await read_body(request.receive, SMALL))}
    given = body.pop("reason", None)
    reason = "" if given is None else checked_reason(given)
    options, now = RunOptions.from_mapping(body).to_mapping(), here.now()
    waiting = await here.registry.run(RunRepository().queued())
    run = next((one for one in waiting if dict(one.options) == options), None)
    if run is None:
        if len(waiting) >= MOST_QUEUED:
            raise Problem(
                429,
                f"{len(waiting)} runs wait for the retraining worker already (GET /runs); "
                "ask again when one of them has ended.",
                retry_after=RETRY_AFTER,
            )
        run = Run(
            uuid.uuid4().hex,
            RunStatus.QUEUED,
            client.name,
            now,
            options=options,
            cause=requested_by(client.name),
            reason=reason,
        )
        await here.registry.run(RunRepository().start(run))
    here.trail.tell(request, client, "train", subject=run.run_id, detail=reason)
    return json_answer(QueuedAnswer(run_id=run.run_id, status=run.status), 202)


@router.get("/runs", **operation("Runs, newest first", RunsAnswer, 422))
async def list_runs(request: Request, _client: MayReadAll, limit: Limit = 50) -> Response:
    """Each with the steps it has finished."""
    return json_answer(
        RunsAnswer(runs=await services(request).registry.run(RunRepository().newest(limit)))
    )


@router.get("/runs/{run_id}", **operation("One run", Run, 404))
async def get_run(request: Request, run_id: str, _client: MayReadAll) -> Response:
    """How far it came, and what it decided."""
    return json_answer(await services(request).registry.run(RunRepository().get(run_id)))


@router.get("/runs/{run_id}/log", **operation("What a run has told so far", RunLogAnswer, 404))
async def get_run_log(request: Request, run_id: str, _client: MayReadAll) -> Response:
    """Line by line, the newest 500; empty of a run whose log is not kept any more."""
    run = services(request).registry.run
    found = await run(RunRepository().get(run_id))
    log = await run(RunLogRepository().find(run_id)) or RunLog(run_id, found.requested_at)
    return json_answer(filled(RunLogAnswer, log, status=found.status))


@router.get("/drift", tags=["drift"], **operation("Drift reports, newest first", DriftAnswer, 422))
async def list_drift_reports(request: Request, _client: MayReadAll, limit: Limit = 20) -> Response:
    """What moved since the champion was trained."""
    found = await services(request).registry.run(DriftReportRepository().newest(limit))
    return json_answer(DriftAnswer(reports=[shown_report(one) for one in found]))


@router.get("/drift/{report_id}", tags=["drift"], **operation("One drift report", DriftReport, 404))
async def get_drift_report(request: Request, report_id: str, _client: MayReadAll) -> Response:
    """Feature by feature."""
    found = await services(request).registry.run(DriftReportRepository().get(report_id))
    return json_answer(shown_report(found))


@router.get(
    "/drift/{report_id}/page",
    tags=["drift"],
    response_class=Response,
    **operation("One drift report as a page for people", {"text/html": TEXT}, 404, 422),
)
async def get_drift_page(
    request: Request, report_id: str, _client: MayReadAll, language: PageLanguageCode | None = None
) -> Response:
    """What changed, in words and drawings, in `language` or else as `Accept-Language` asks.

    The page needs no other file and no script, so it can be saved and handed on.
    """
    here = services(request)
    report = await here.registry.run(DriftReportRepository().get(report_id))
    picture = await here.registry.run(DriftPictureRepository().find(report_id))
    code = language or preferred(request.headers.get("accept-language", ""))
    return await asyncio.to_thread(page_answer, shown_report(report), picture, code)
