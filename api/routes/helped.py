"""What was done for students and the help that they get, listed and counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayRead
from api.answers.helping import (
    ActionsAnswer,
    HelpSummaryAnswer,
    InterventionsAnswer,
    ToDoAnswer,
)
from api.helping.student import asked_period, today, units_of
from api.helping.telling import action_answer, follow_up_entries, listed_help
from api.http.json_answer import json_answer
from api.operation import operation
from api.payload import named_student
from api.security import Client
from api.services import Services, services
from api.units import UnitLimit
from api.withheld.counts import actions_told, help_told, told
from database.helping.actions import ActionRepository
from database.helping.follow_ups import to_do_of
from database.helping.interventions import InterventionRepository
from database.helping.summary import help_summary
from database.students import PeriodRepository, StudentRepository
from preprocessing.student_ids import LONGEST_EVER
from preprocessing.task.spelling import fold

FURTHEST = 2**31 - 1
A_YEAR = timedelta(days=365)

router = APIRouter(tags=["helping"])
Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=FURTHEST)]


@router.get("/actions", **operation("What was done, newest first", ActionsAnswer, 404, 422))
async def list_actions(
    request: Request,
    client: MayRead,
    student_id: str | None = None,
    period: str | None = None,
    by: str | None = None,
    unit: str | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """Of one student, or about the list of a period (the newest one unless given).

    Args:
        request: the request.
        client: who asks.
        student_id: the school's identifier.
        period: of the list.
        by: only what this person did.
        unit: only in this school; whose id it is, where schools number their own students.
        limit: actions in the answer, at most.
        offset: how many of the newest are left out.
    """
    here = services(request)
    units = _units(here, client, unit)
    if student_id is not None:
        key = named_student(here.task, student_id, request, LONGEST_EVER)
        kept = await here.registry.run(ActionRepository().of_student(key))
        found = [one for one in kept if period in (None, one.period)]
        found = [one for one in found if units is None or one.unit in units]
    else:
        period = asked_period(here, period) or await _newest_period(here)
        found = []
        if period is not None:
            found = await here.registry.run(ActionRepository().all_of_period(period, units))
    found = [one for one in found if by in (None, one.by)]
    return json_answer(
        ActionsAnswer(
            period=period,
            total=len(found),
            limit=limit,
            offset=offset,
            actions=[action_answer(here.task, one) for one in found[offset : offset + limit]],
        )
    )


@router.get(
    "/interventions",
    **operation("The help that students get, newest first", InterventionsAnswer, 404, 422),
)
async def list_interventions(
    request: Request,
    client: MayRead,
    student_id: str | None = None,
    kind: str | None = None,
    since: date | None = None,
    unit: str | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """Each with the student's indicators before it began and since.

    Of one student, or of all whose help began within a year (since a day, if one is given).

    Args:
        request: the request.
        client: who asks.
        student_id: the school's identifier.
        kind: only this kind of help.
        since: the earliest first day.
        unit: only in this school; whose id it is, where schools number their own students.
        limit: interventions in the answer, at most.
        offset: how many of the newest are left out.
    """
    here = services(request)
    units = _units(here, client, unit)
    if student_id is not None:
        key = named_student(here.task, student_id, request, LONGEST_EVER)
        kept = await here.registry.run(InterventionRepository().of_students([key]))
        found = [one for one in kept.get(key, ()) if units is None or one.unit in units]
        found = [one for one in found if since is None or one.start >= since]
    else:
        since = since or today(here) - A_YEAR
        found = await here.registry.run(InterventionRepository().all_since(since, units=units))
    found = [one for one in reversed(found) if kind in (None, one.kind)]
    page = found[offset : offset + limit]
    keys = {one.student_id for one in page}
    known = await here.registry.run(StudentRepository().get_many(keys))
    return json_answer(
        InterventionsAnswer(
            since=since,
            total=len(found),
            limit=limit,
            offset=offset,
            interventions=[listed_help(here.task, one, known, units) for one in page],
        )
    )


@router.get("/todo", **operation("What a person has to do", ToDoAnswer, 422))
async def to_do(
    request: Request,
    client: MayRead,
    person: str | None = None,
    until: date | None = None,
    limit: Limit = 200,
    offset: Offset = 0,
) -> Response:
    """Students whose day to look again has come, and those that are assigned and not looked at.

    A student is looked after by whom the student is assigned to, else by who did something last.

    Args:
        request: the request.
        client: who asks.
        person: whose students; by default the caller's own.
        until: the last day that is looked at; by default today, by the school's clock.
        limit: students in the answer, at most.
        offset: how many of the earliest are left out.
    """
    here = services(request)
    whose, day = client.name if person is None else person, until or today(here)
    found = await here.registry.run(to_do_of(whose, day, units_of(client, here.task)))
    end = offset + limit
    return json_answer(
        ToDoAnswer(
            person=whose,
            until=day,
            total=len(found.due),
            limit=limit,
            offset=offset,
            students=follow_up_entries(here.task, found.due[offset:end]),
            waiting=follow_up_entries(here.task, found.waiting[offset:end]),
            waiting_total=len(found.waiting),
        )
    )


@router.get("/help/summary", **operation("What was done, counted", HelpSummaryAnswer, 404, 422))
async def summarise_help(
    request: Request,
    client: MayRead,
    period: str | None = None,
    since: date | None = None,
    unit: str | None = None,
) -> Response:
    """Students by what was done for them last, by unit and by person; help given, by kind.

    Args:
        request: the request.
        client: who asks.
        period: of the list that the actions are about; by default the newest.
        since: the earliest first day of the help that is counted; by default a year ago.
        unit: only in this school.
    """
    here = services(request)
    units, day = _units(here, client, unit), today(here)
    asked = asked_period(here, period) or await _newest_period(here)
    since = since or day - A_YEAR
    summary = help_summary(asked or "", day=day, since=since, units=units)
    found = await here.registry.run(summary)
    return json_answer(
        HelpSummaryAnswer(
            period=asked,
            day=day,
            since=since,
            actions=actions_told(found.actions),
            interventions=[help_told(one) for one in found.interventions],
            assigned={person: told(n) for person, n in found.assigned.items()},
            due={person: told(n) for person, n in found.due.items()},
        )
    )


def _units(here: Services, client: Client, asked: str | None) -> frozenset[str] | None:
    """The (folded) units that a call is about; None is all.

    Raises:
        UnknownUnit: the key is not for the one that was asked for.
    """
    limit = UnitLimit.of(client, here.task)
    if limit is not None:
        return limit.chosen(asked)
    return None if asked is None else frozenset({fold(asked)})


async def _newest_period(here: Services) -> str | None:
    known: Sequence[str] = await here.registry.run(PeriodRepository().all())
    return known[-1] if known else None
