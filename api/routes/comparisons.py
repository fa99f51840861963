"""Two versions on the same records, when somebody asks for it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayDecide, MayReadAll
from api.answers.comparisons import ComparisonAnswer, ComparisonsAnswer
from api.answers.filled import filled
from api.bodies import COMPARISON
from api.http.body import SMALL, read_body
from api.http.json_answer import json_answer
from api.http.problems import Problem
from api.operation import operation
from api.payload import read_object
from api.services import services
from database.comparing.comparisons import ComparisonRepository
from database.versions import ModelVersionRepository
from model.comparing.comparison import VersionComparison
from model.version import is_version_name

router = APIRouter(tags=["models"])

Limit = Annotated[int, Query(ge=1, le=200)]

MOST_WAITING = 20
RETRY_AFTER = 60
FIELDS = ("first", "second")


@router.post(
    "/comparisons",
    **operation(
        "Asks for a comparison of two versions",
        ComparisonAnswer,
        404,
        429,
        status=202,
        body=COMPARISON,
    ),
)
async def compare(request: Request, client: MayDecide) -> Response:
    """The worker makes it within a minute or two; `GET /comparisons/{comparison_id}` tells it.

    Both are read on the newest labelled records that neither learned from. Nothing follows from
    it. Where the same comparison waits already, that one is answered; 429 where too many wait.
    """
    here = services(request)
    first, second = _versions(read_object(await read_body(request.receive, SMALL)))
    for version in (first, second):
        await here.registry.run(ModelVersionRepository().get(version))
    waiting = await here.registry.run(ComparisonRepository().waiting())
    asked = next((one for one in waiting if (one.first, one.second) == (first, second)), None)
    if asked is None:
        if len(waiting) >= MOST_WAITING:
            raise Problem(
                429,
                f"{len(waiting)} comparisons wait for the retraining worker already (GET "
                "/comparisons); ask again when one of them is done.",
                retry_after=RETRY_AFTER,
            )
        now = here.now()
        asked = VersionComparison(uuid.uuid4().hex, now, first, second, client.name)
        await here.registry.run(ComparisonRepository().ask(asked))
        subject = f"{first} and {second}"
        here.trail.tell(request, client, "compare", subject=subject)
    return json_answer(filled(ComparisonAnswer, asked), 202)


@router.get("/comparisons", **operation("Comparisons, newest first", ComparisonsAnswer, 422))
async def list_comparisons(request: Request, _client: MayReadAll, limit: Limit = 20) -> Response:
    """Each with what it showed, or why there is nothing to compare."""
    found = await services(request).registry.run(ComparisonRepository().newest(limit))
    return json_answer(
        ComparisonsAnswer(comparisons=[filled(ComparisonAnswer, one) for one in found])
    )


@router.get("/comparisons/{comparison_id}", **operation("One comparison", ComparisonAnswer, 404))
async def get_comparison(request: Request, comparison_id: str, _client: MayReadAll) -> Response:
    """The figures of both versions and of their difference, each with its 95 % interval."""
    found = await services(request).registry.run(ComparisonRepository().get(comparison_id))
    return json_answer(filled(ComparisonAnswer, found))


def _versions(body: Mapping[str, Any]) -> tuple[str, str]:
    """The two versions of a body.

    Raises:
        Problem: 422, a field is unknown or is no version's name, or both are the same.
    """
    for name in body.keys() - {*FIELDS}:
        raise Problem.of_field(name, "is not known; give first and second")
    for name in FIELDS:
        if not is_version_name(body.get(name)):
            raise Problem.of_field(name, "must be the name of a version, v3 say (GET /models)")
    first, second = (str(body[name]) for name in FIELDS)
    if first == second:
        raise Problem.of_field("second", "is the same version; name two")
    return first, second
