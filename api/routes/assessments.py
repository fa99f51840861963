"""One student as the version in service sees them, and whom they are compared with."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayRead
from api.answers.assessments import AssessmentAnswer, CohortAnswer, PeriodCohort, QuartileFields
from api.answers.filled import filled
from api.cohorts.figures import PeriodFigures
from api.http.json_answer import json_answer
from api.http.problems import Problem
from api.operation import UNIT, operation
from api.payload import named_student
from api.services import services
from api.students.assessment import assessment, known_student, with_history
from api.students.reach import NOT_KNOWN
from api.units import UnitLimit
from model.errors import UnknownUnit
from preprocessing.student_ids import LONGEST_EVER
from preprocessing.task.spelling import fold

router = APIRouter(tags=["students"])


@router.get(
    "/students/{student_id:path}/assessment",
    **operation(
        "What the champion says of a student now, why, and what would change it",
        AssessmentAnswer, 404, 409, 410, 422, parameters=(UNIT,),
    ),
)  # fmt: skip
async def assess_student(
    request: Request, student_id: str, client: MayRead, period: str | None = None
) -> Response:
    """Scores the student's record anew; nothing is kept as a prediction.

    Args:
        request: the request.
        student_id: the school's identifier.
        client: who asks. A key for some units reads what is of these. That a person who is signed
            in looked is in the audit trail.
        period: of the record; by default the newest.
    """
    here = services(request)
    champion = here.champion()
    limit = UnitLimit.of(client, here.task)
    student = named_student(here.task, student_id, request, LONGEST_EVER)
    known = await here.registry.run(known_student(student, here.erased.key.of(student)))
    shown = [
        o for o in (known.observations if known else ()) if limit is None or limit.admits(o.unit)
    ]
    if known is None or not shown:
        raise Problem.of_field("student_id", NOT_KNOWN, 404)
    seen = next((o for o in reversed(shown) if period in (None, o.period)), None)
    if seen is None:
        raise Problem.of_field("period", "nothing is known of the student in this period", 404)
    here.objections.check(student)
    features = with_history(here.task, seen, known)
    told = await asyncio.to_thread(
        assessment, champion, here.task, seen, features,
        sent_id=student_id, periods=[o.period for o in shown], own=await here.own_figures(limit),
    )  # fmt: skip
    return json_answer(told)


@router.get(
    "/cohort", **operation("How the indicators of all students lie", CohortAnswer, 404, 422)
)
async def get_cohort(request: Request, client: MayRead, unit: str | None = None) -> Response:
    """Quartiles of every numeric indicator, by period; of at most 2,000 students, evenly spread.

    Args:
        request: the request.
        client: who asks. A key for some units is told of these alone.
        unit: only of this one.
    """
    here = services(request)
    limit = UnitLimit.of(client, here.task)
    if limit is not None:
        units: frozenset[str] | None = limit.chosen(unit)
    else:
        units = None if unit is None else frozenset({fold(unit)})
    found = await here.cohorts.of(here.registry, units, here.now())
    if unit is not None and not found.periods:
        raise UnknownUnit("unit")
    return json_answer(CohortAnswer(at=found.at, periods=[_period(one) for one in found.periods]))


def _period(one: PeriodFigures) -> PeriodCohort:
    told = {name: filled(QuartileFields, found) for name, found in one.features.items()}
    return filled(PeriodCohort, one, features=told)
