"""Whose outcome is not known, and the log of what was served, as files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.access import MayRead
from api.answers.files import MissingAnswer, MissingStudent
from api.files.guarded_text import CsvLanguage, CsvLines, Plain
from api.files.missing import Lacking, lacking
from api.files.served_log import LOG_TYPES, LogForm, log_pieces
from api.files.walk import TRIES
from api.http.json_answer import json_answer
from api.http.problems import Problem
from api.operation import TEXT, Json, operation
from api.routes.decisions import read_moment
from api.services import Services, services
from api.units import UnitLimit, units_asked
from database.students import PeriodRepository
from preprocessing.student_ids import keys_searched, sent_id
from preprocessing.task.spec import TaskSpec

router = APIRouter(tags=["labels"])

Limit = Annotated[int, Query(ge=1, le=1_000)]
Form = Literal["csv", "json"]
Search = Annotated[str, Query(max_length=128)]

LOOKED_FOR = 1.5
"""Seconds after which a page of the list is told as it is; the file goes through all."""

MISSING: dict[str, Json] = {
    "application/json": {"schema": {"$ref": "#/components/schemas/MissingAnswer"}},
    "text/csv": TEXT,
}
LOG: dict[str, Json] = dict.fromkeys(LOG_TYPES.values(), TEXT)


@router.get("/outcomes/missing", **operation("Whose outcome is not known yet", MISSING, 422))
async def list_missing(
    request: Request,
    client: MayRead,
    period: str | None = None,
    unit: str | None = None,
    search: Search = "",
    limit: Limit = 100,
    format: Form = "csv",
    lang: CsvLanguage = "pt",
) -> Response:
    """A CSV to fill in and send to `POST /labels`, or as JSON the first of the students.

    Args:
        request: the request.
        client: who asks.
        period: of the features; by default the newest whose outcomes may be known by now.
        unit: only students of this school.
        search: of the JSON, part of the student's id.
        limit: of the JSON, students at most.
        format: `csv` names all of them, `json` the first.
        lang: whose spreadsheet opens the file: `pt` writes semicolons.
    """
    here = services(request)
    units = units_asked(UnitLimit.of(client, here.task), unit)
    asked = await _period(here, period)
    if format == "json":
        return json_answer(await _first(here, asked, units, search, limit))
    here.trail.tell(request, client, "download", subject="missing outcomes", detail=asked)
    return _as_file(_written(here, asked, units, lang), f"farol-outcomes-{asked}.csv", "text/csv")


@router.get(
    "/predictions/log",
    response_class=Response,
    **operation("What was served, as a file", LOG, 422),
)
async def get_prediction_log(
    request: Request,
    client: MayRead,
    since: str | None = None,
    period: str | None = None,
    unit: str | None = None,
    format: LogForm = "csv",
    lang: CsvLanguage = "pt",
) -> Response:
    """Every prediction with the features as seen, written while it is read.

    In the order of their ids, which says nothing of time. What waits on a host for the registry
    comes seconds later.

    Args:
        request: the request.
        client: who asks; a key for some units reads what was asked for students of these.
        since: ISO 8601 with its zone; nothing served before it.
        period: only predictions of this period's features.
        unit: only those of this school.
        format: `csv` opens in a spreadsheet, `ndjson` is for programs.
        lang: whose spreadsheet: `pt` writes semicolons and decimal commas.
    """
    here = services(request)
    units = units_asked(UnitLimit.of(client, here.task), unit)
    now = here.now()
    after: datetime | None = None if since is None else read_moment(since, now=now)
    if period is not None:
        _check(here.task, period)
    here.trail.tell(request, client, "download", subject="predictions", detail=unit or "")
    body = log_pieces(here, units, period, after, form=format, language=lang)
    return _as_file(body, f"farol-predictions-{now:%Y-%m-%d}.{format}", LOG_TYPES[format])


def _as_file(body: AsyncIterator[bytes], name: str, kind: str) -> Response:
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
    }
    return StreamingResponse(body, headers=headers, media_type=kind)


async def _period(here: Services, asked: str | None) -> str:
    """The period that is asked about.

    Raises:
        Problem: 422, no period of the task; or nothing is known of any.
    """
    if asked is not None:
        _check(here.task, asked)
        return asked
    known = await here.registry.run(PeriodRepository().all())
    due = due_period(known, here.task, here.now())
    if due is None:
        raise Problem.of_field("period", "is missing, and nothing is known of any period")
    return due


def due_period(known: tuple[str, ...], task: TaskSpec, now: datetime) -> str | None:
    """The newest period whose outcomes may be known by now; the newest of all where none may.

    >>> from datetime import UTC
    >>> from preprocessing.task.spec import load_task
    >>> moment = datetime(2024, 12, 1, tzinfo=UTC)
    >>> due_period(("2022", "2023", "2024"), load_task("pede_lag"), moment)
    '2023'
    """
    horizon = task.outcome.horizon
    due = [p for p in known if not p.isdecimal() or int(p) + horizon <= now.year]
    return max(due, default=max(known, default=None))


def _check(task: TaskSpec, period: str) -> None:
    if not task.is_period(period):
        raise Problem.of_field("period", f"expected {task.periods}")


async def _first(
    here: Services, period: str, units: frozenset[str] | None, search: str, limit: int
) -> MissingAnswer:
    found: list[Lacking] = []
    now = asyncio.get_running_loop().time
    until, late = now() + LOOKED_FOR, False
    async with aclosing(lacking(here.registry, period, units)) as parts:
        async for part in parts:
            found += _searched(here, search, part)
            late = now() > until
            if len(found) > limit or late:
                break
    students = [
        MissingStudent(student_id=sent_id(here.task, one.student_id), units=one.units)
        for one in found[:limit]
    ]
    return MissingAnswer(period=period, students=students, more=len(found) > limit or late)


def _searched(here: Services, search: str, part: list[Lacking]) -> list[Lacking]:
    units = {here.task.unit_of(one.units) for one in part}
    named = keys_searched(here.task, search, units, here.pseudonyms)
    return [
        one
        for one in part
        if one.student_id in named or search in sent_id(here.task, one.student_id)
    ]


async def _written(
    here: Services, period: str, units: frozenset[str] | None, language: CsvLanguage
) -> AsyncIterator[bytes]:
    task = here.task
    named = [column.name for column in task.unit]
    lines = CsvLines(("student_id", *named, "period", task.outcome.column.name), language)
    yield lines.take()
    async for part in lacking(here.registry, period, units, tries=TRIES):
        rows: list[list[Plain]] = [
            [sent_id(task, one.student_id), *(one.units.get(n, "") for n in named), period, ""]
            for one in part
        ]
        if rows:
            yield lines.take(rows)
