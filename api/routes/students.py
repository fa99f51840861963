"""Who needs help."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayRead
from api.answers.predictions import ListedStudent, StudentsAnswer
from api.answers.scales import score_fields
from api.champion import Champion
from api.http.json_answer import json_answer
from api.http.problems import Problem
from api.operation import operation
from api.scoring import explained_fields
from api.services import services
from api.units import UnitLimit
from database.driver.commands import Op
from database.students import PeriodRepository, StudentRepository
from model.errors import UnknownUnit
from model.prediction import Assessment, RiskStatus
from model.student import Observation
from preprocessing.longitudinal import recalled_observations
from preprocessing.student_ids import sent_id
from preprocessing.task.columns import Longitudinal
from preprocessing.task.spec import TaskSpec
from preprocessing.task.spelling import fold

FURTHEST = 2**31 - 1
"""More students than there are, and a number that every JSON reader takes."""

router = APIRouter(tags=["students"])
Limit = Annotated[int, Query(ge=1, le=1_000)]
Offset = Annotated[int, Query(ge=0, le=FURTHEST)]
LISTED = frozenset({RiskStatus.ALERT, RiskStatus.CRITICAL, RiskStatus.INSUFFICIENT})
Assessed = tuple[Assessment, Observation]


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
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """Scores what the feature store knows of a period (the newest one unless given).

    Students of whom too little is known (`insufficient`) come last, in a group of their own.
    `counts` tells how many students of the period have each status. A key for some units lists
    the students of its own.

    Args:
        request: the request.
        client: who asks.
        period: whose students are listed; by default the newest.
        status: only students of this status; by default all that somebody should look at.
        unit: only the students of this school.
        limit: students in the answer, at most.
        offset: students left out before the first.
    """
    here = services(request)
    champion = here.champion()
    limit_of_key = UnitLimit.of(client, here.task)
    units = _units(limit_of_key, unit)
    known = await here.registry.run(PeriodRepository().all())
    asked, observed = await here.registry.run(_listed(period, known, here.task.longitudinal, units))
    if period is not None and (period not in known or (limit_of_key and not observed)):
        raise Problem.of_field("period", "nothing is known of this period", 404)
    if unit is not None and not observed:
        raise UnknownUnit("unit")
    wanted = frozenset({status}) if status else LISTED
    everybody = await asyncio.to_thread(_ranked, champion, observed)
    found = [pair for pair in everybody if pair[0].status in wanted]
    shown = found[offset : offset + limit]
    page = await asyncio.to_thread(_explained, champion, here.task, shown)
    return json_answer(
        StudentsAnswer(
            period=asked,
            model_version=champion.version,
            scale=champion.thresholds.scale,
            total=len(found),
            limit=limit,
            offset=offset,
            counts=_counted(everybody),
            students=page,
        )
    )


def _units(limit: UnitLimit | None, asked: str | None) -> frozenset[str] | None:
    """The (folded) units that a list is about; None is all.

    Raises:
        UnknownUnit: the key is not for the one that was asked for.
    """
    if limit is not None:
        return limit.chosen(asked)
    return None if asked is None else frozenset({fold(asked)})


def _listed(
    period: str | None,
    known: Sequence[str],
    plan: Longitudinal | None,
    units: frozenset[str] | None,
) -> Op[tuple[str | None, list[Observation]]]:
    """The period that a list is about, and what is known of it.

    Without one it is the newest; for some units, the newest that anything of theirs is known of.
    """
    newest_first = list(reversed(known)) if units is not None else known[-1:]
    for candidate in [period] if period is not None else newest_first:
        observed = yield from _observed(candidate, plan, units)
        if observed or period is not None:
            return candidate, observed
    return (known[-1] if known and units is None else None), []


def _observed(
    period: str, plan: Longitudinal | None, units: frozenset[str] | None
) -> Op[list[Observation]]:
    """What is known of a period, with what the students' earlier periods add to it."""
    observed = yield from StudentRepository().in_period(period, units=units)
    if plan is None:
        return observed
    known = yield from StudentRepository().get_many([o.student_id for o in observed])
    return recalled_observations(plan, observed, known)


def _ranked(champion: Champion, observed: Sequence[Observation]) -> list[Assessed]:
    """Most urgent first, then those of whom too little is known."""
    concern = champion.thresholds.scale.concern
    assessed = champion.predictor.assess_many([o.features for o in observed])
    return sorted(
        zip(assessed, observed, strict=True),
        key=lambda pair: (
            pair[0].status is RiskStatus.INSUFFICIENT,
            -concern(pair[0].score),
            pair[1].student_id,
        ),
    )


def _counted(everybody: Sequence[Assessed]) -> dict[str, int]:
    """How many students have each status."""
    found = Counter(assessment.status for assessment, _ in everybody)
    return {status.value: found[status] for status in RiskStatus}


def _explained(
    champion: Champion, task: TaskSpec, found: Sequence[Assessed]
) -> list[ListedStudent]:
    scale = champion.thresholds.scale
    explained = champion.predictor.explain_many([o.features for _, o in found])
    return [
        {
            "student_id": sent_id(task, o.student_id),
            "units": o.units,
            "period": o.period,
            **score_fields(scale, assessment.score, assessment.interval),
            "risk_label": assessment.label,
            "status": assessment.status,
            "known_weight": assessment.known_weight,
            "model_version": champion.version,
            **explained_fields(champion, why, assessment.score),
        }
        for (assessment, o), why in zip(found, explained, strict=True)
    ]
