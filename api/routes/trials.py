"""Versions that are tried beside the champion: in its shadow, and as a canary."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayDecide, MayReadAll
from api.answers.filled import filled
from api.answers.trials import CanaryAnswer, CanaryFields, ShadowEntry, TrialsAnswer
from api.bodies import CANARY, MOST_SHARE
from api.http.body import SMALL, read_body
from api.http.json_answer import json_answer
from api.http.problems import Problem
from api.operation import operation
from api.payload import read_object, read_reason
from api.services import services
from database.aliases import CHAMPION, AliasRepository
from database.driver.commands import Op
from database.versions import ModelVersionRepository
from database.watch.canaries import CanaryRepository
from database.watch.shadows import ShadowRepository
from model.errors import Conflict
from model.watch.canary import Canary, CanaryState
from model.watch.shadow import ShadowRecord
from model.watch.shadow_figures import shadow_figures

router = APIRouter(tags=["models"])

Limit = Annotated[int, Query(ge=1, le=50)]


@router.get("/shadow", **operation("Versions tried beside the champion", TrialsAnswer, 422))
async def list_trials(request: Request, _client: MayReadAll, limit: Limit = 10) -> Response:
    """What each would have answered on the predictions that were asked, newest first."""
    run = services(request).registry.run
    champion = await run(AliasRepository().find(CHAMPION))
    canaries = await run(CanaryRepository().newest(1))
    shadows = await run(ShadowRepository().newest(limit))
    return json_answer(
        TrialsAnswer(
            model_version=champion.version if champion else None,
            canary=filled(CanaryFields, canaries[0]) if canaries else None,
            shadows=[_entry(one) for one in shadows],
        )
    )


@router.post(
    "/models/{version}/canary",
    **operation(
        "Lets a version answer a share of the students",
        CanaryAnswer,
        404,
        409,
        body=CANARY,
    ),
)
async def set_canary(request: Request, version: str, client: MayDecide) -> Response:
    """Chosen by a hash of their ids, the same ones every time; `share` 0 ends it.

    Files, batches and `/students/at-risk` are the champion's alone.
    """
    here = services(request)
    body = await read_body(request.receive, SMALL)
    share, reason = _share(read_object(body)), read_reason(body)
    now = here.now()
    asked = Canary(version, "", share, CanaryState.ON, now, now, client.name, reason)
    canary = await here.registry.run(_begun(asked) if share else _ended(asked))
    here.trail.tell(request, client, "canary", subject=version, detail=f"{share:.1%}: {reason}")
    return json_answer(filled(CanaryAnswer, canary, model_version=canary.champion))


def _begun(asked: Canary) -> Op[Canary]:
    yield from ModelVersionRepository().get(asked.version)
    champion = yield from AliasRepository().find(CHAMPION)
    if champion is None:
        raise Conflict("nobody serves, so there is nobody whose answers a canary could share")
    if champion.version == asked.version:
        raise Conflict(f"{asked.version} is the champion: it answers everybody already")
    return (yield from CanaryRepository().begin(replace(asked, champion=champion.version)))


def _ended(asked: Canary) -> Op[Canary]:
    yield from ModelVersionRepository().get(asked.version)
    ended = yield from CanaryRepository().end(
        actor=asked.actor, reason=asked.reason, now=asked.at, version=asked.version
    )
    if not ended:
        raise Conflict(f"{asked.version} answers nobody, so there is no canary to end")
    return (yield from CanaryRepository().get(asked.version))


def _entry(shadow: ShadowRecord) -> ShadowEntry:
    return filled(
        ShadowEntry, shadow, answered=shadow.tally.answered, figures=shadow_figures(shadow)
    )


def _share(body: Mapping[str, Any]) -> float:
    """The share of a body.

    Raises:
        Problem: 422, it is no number from 0 to `MOST_SHARE`.
    """
    share = body.get("share")
    if isinstance(share, bool) or not isinstance(share, int | float) or not math.isfinite(share):
        raise Problem.of_field("share", f"must be a number from 0 to {MOST_SHARE:g}; 0 ends it")
    if not 0 <= share <= MOST_SHARE:
        raise Problem.of_field("share", f"must be from 0 to {MOST_SHARE:g}; 0 ends it")
    return float(share)
