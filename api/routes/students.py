"""Who needs help: as a page, and the whole list as a file."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.access import MayRead
from api.answers.predictions import ObjectingFields, PublishedFields, StudentsAnswer
from api.http.json_answer import json_answer
from api.lists.files import FORMS, Form, file_of, wished_form
from api.lists.rows import shown
from api.lists.view import ListView, Question, look_at
from api.lists.wanted import FeatureValues, ListFilter, Search
from api.lists.words import Language
from api.operation import operation
from api.services import services
from api.units import UnitLimit
from model.lists.published import Lane
from model.prediction import RiskStatus
from preprocessing.student_ids import sent_id
from preprocessing.task.spec import TaskSpec

FURTHEST = 2**31 - 1
"""More students than there are, and a number that every JSON reader takes."""

MOST_NAMED = 100
"""Students who object that a list names; more are counted."""

router = APIRouter(tags=["students"])
Limit = Annotated[int, Query(ge=1, le=1_000)]
Offset = Annotated[int, Query(ge=0, le=FURTHEST)]


@router.get(
    "/students/at-risk",
    **operation("Who needs help, most urgent first, with the reasons", StudentsAnswer, 404, 422),
)
async def students_at_risk(
    request: Request,
    client: MayRead,
    period: str | None = None,
    status: RiskStatus | None = None,
    unit: str | None = None,
    lane: Lane | None = None,
    search: Search = None,
    feature: FeatureValues = None,
    done: bool | None = None,
    within: bool | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """Scores what the feature store knows of a period (the newest one unless given).

    Students of whom too little is known (`insufficient`) come last, in a group of their own.
    `counts` tells how many students of the period have each status, `lanes` how many are at risk
    already (`known`) or would be `new`, and for how many of them there is a place (`GET /budgets`).
    Who objects to being scored is on no list; `objecting` names them.
    A key for some units lists the students of its own.

    Args:
        request: the request.
        client: who asks.
        period: whose students are listed; by default the newest.
        status: only students of this status; by default all that somebody should look at, and all
            who have a place.
        unit: only the students of this school.
        lane: only students of this lane.
        search: only students with this in their id; whatever their status, unless one is given.
        feature: `name:value`, only students who have it; may be given several times.
        done: only students of whom somebody has (true), or nobody has (false), said that something
            was done about the list of this period.
        within: only students who have a place (true), or have none (false).
        limit: students in the answer, at most.
        offset: students left out before the first.
    """
    here = services(request)
    wanted = ListFilter(status, lane, search, tuple(feature or ()), done, within)
    view = await look_at(here, Question(UnitLimit.of(client, here.task), period, unit, wanted))
    page = await shown(here, view, view.chosen[offset : offset + limit].tolist())
    return json_answer(
        StudentsAnswer(
            period=view.period,
            model_version=view.champion.version,
            scale=view.champion.thresholds.scale,
            total=len(view.chosen),
            limit=limit,
            offset=offset,
            counts=_counted(view),
            lanes=view.rooms,
            published=_published(view),
            objecting=_objecting(here.task, view),
            students=page,
        )
    )


@router.get(
    "/students/at-risk/file",
    response_class=Response,
    **operation(
        "The whole list as a file",
        {form.media_type: form.schema for form in FORMS.values()},
        404,
        422,
    ),
)
async def students_at_risk_file(
    request: Request,
    client: MayRead,
    format: Form | None = None,
    lang: Language = "pt",
    period: str | None = None,
    status: RiskStatus | None = None,
    unit: str | None = None,
    lane: Lane | None = None,
    search: Search = None,
    feature: FeatureValues = None,
    done: bool | None = None,
    within: bool | None = None,
) -> Response:
    """The students that `GET /students/at-risk` lists with the same filters, all of them.

    A CSV in Portuguese has semicolons and decimal commas and opens right in a Portuguese Excel; one
    in English has commas and points. That it was made, and with which key, is in the audit trail.

    Args:
        request: the request.
        client: who asks.
        format: `csv`, `xlsx`, `parquet`, or `html` for a page to print; without, as `Accept` says
            (CSV, XLSX or Parquet), else `csv`.
        lang: `pt` or `en`.
        period: as for the list.
        status: as for the list.
        unit: as for the list.
        lane: as for the list.
        search: as for the list.
        feature: as for the list.
        done: as for the list.
        within: as for the list.
    """
    here, kind = services(request), wished_form(format, request.headers.get("accept", ""))
    form = FORMS[kind]
    wanted = ListFilter(status, lane, search, tuple(feature or ()), done, within)
    view = await look_at(here, Question(UnitLimit.of(client, here.task), period, unit, wanted))
    at = here.now()
    told = f"{kind} of {view.period}: {len(view.chosen)} students"
    here.trail.tell(request, client, "download", subject="list", detail=told)
    name = f"farol-{view.period or 'list'}-{at:%Y-%m-%d}.{kind}"
    headers = {
        "content-disposition": f'{form.disposition}; filename="{name}"',
        "cache-control": "no-store",
        "vary": "accept",
        **form.headers,
    }
    body = file_of(here, view, form, lang, at)
    return StreamingResponse(body, headers=headers, media_type=form.media_type)


def _counted(view: ListView) -> dict[str, int]:
    """How many students have each status."""
    found = Counter(view.scored.statuses)
    return {status.value: found[status] for status in RiskStatus}


def _objecting(task: TaskSpec, view: ListView) -> ObjectingFields:
    ids = [sent_id(task, one) for one in view.objecting[:MOST_NAMED]]
    return ObjectingFields(students=len(view.objecting), ids=ids)


def _published(view: ListView) -> PublishedFields | None:
    last = view.published
    return None if last is None else PublishedFields(list_id=last.list_id, at=last.at)
