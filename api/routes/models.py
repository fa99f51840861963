"""Which model serves, which ones there are, and moving the champion by hand."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayDecide, MayRead
from api.answers import (
    LocalModelAnswer,
    ModelAnswer,
    MoveAnswer,
    ReloadAnswer,
    ServedFields,
    VersionAnswer,
    VersionsAnswer,
    VersionSummary,
)
from api.bodies import REASON
from api.card_answer import MEDIA_TYPES, Form, card_answer, chosen_form, digest_of, unchanged
from api.http.body import SMALL, read_body
from api.http.json_answer import json_answer
from api.http.problems import Problem
from api.manual_moves import Move, move_champion
from api.operation import TEXT, operation
from api.payload import read_reason
from api.rollback import ROLLBACK, rollback_target
from api.services import Services, services
from database import aliases, artifacts, promotions, versions
from model.errors import RegistryUnavailable
from model.promotion import latest_by_hand, of_run
from model.version import ModelVersion, is_version_name

MOST_VERSIONS = 200

router = APIRouter(tags=["models"])


@router.get("/model", summary="The champion", **operation(ModelAnswer | LocalModelAnswer, 404))
async def get_model(request: Request, _client: MayRead) -> Response:
    """What this worker serves, with what the registry tells of it if it answers."""
    here = services(request)
    champion = here.champion()
    served: ServedFields = {
        "version": champion.version,
        "model_version": champion.version,
        "task": here.task.name,
        "family": champion.bundle.family,
        "thresholds": champion.thresholds,
        "features": champion.bundle.feature_names,
        "revision": champion.pointer.revision,
        "generation": here.holder.generation,
        "quarantined": here.live.quarantined(),
    }
    try:
        found = await here.registry.run(versions.get(champion.version))
    except RegistryUnavailable:
        alone: LocalModelAnswer = {**served, "registry": "unavailable"}
        return json_answer(alone)
    document: ModelAnswer = {
        **served,
        "number": found.number,
        "created_at": found.created_at,
        "metrics": found.metrics,
        "metrics_on": found.metrics_on,
        "window": found.window,
        "lineage": found.lineage,
    }
    return json_answer(document)


@router.get("/models", summary="Every version, newest first", **operation(VersionsAnswer))
async def list_versions(request: Request, _client: MayRead) -> Response:
    """Each with its metrics; `champion` tells which one serves."""
    here = services(request)
    alias = await here.registry.run(AliasRepository().find(CHAMPION))
    found = await here.registry.run(ModelVersionRepository().newest(MOST_VERSIONS))
    serving = alias.version if alias else None
    document: VersionsAnswer = {
        "champion": serving,
        "models": [_summary(version, serving) for version in found],
    }
    return json_answer(document)


@router.get("/models/{version}", summary="One version", **operation(VersionAnswer, 404))
async def get_version(request: Request, version: str, _client: MayRead) -> Response:
    """Everything the registry knows of a version.

    `decision` is that of the run that made it, with its evidence; `moved_by_hand` the newest one
    that somebody took; `decisions` are all, newest first.
    """
    here = services(request)
    found = await here.registry.run(versions.get(version))
    alias = await here.registry.run(aliases.get(aliases.CHAMPION))
    decisions = await here.registry.run(promotions.of_version(version))
    document: VersionAnswer = {
        **_summary(found, alias.version if alias else None),
        "params": found.params,
        "features": found.features,
        "candidates": found.candidates,
        "fairness": found.fairness,
        "fairness_gaps": found.fairness_gaps,
        "leakage": found.leakage,
        "card": f"/models/{found.version}/card" if found.card else None,
        "artifact": found.artifact,
        "decision": of_run(decisions),
        "moved_by_hand": latest_by_hand(decisions),
        "decisions": decisions,
    }
    return json_answer(document)


@router.get(
    "/models/{version}/card",
    summary="The model card of a version",
    response_class=Response,
    **operation(dict.fromkeys(MEDIA_TYPES.values(), TEXT), 404, 422),
)
async def get_card(
    request: Request, version: str, _client: MayRead, format: Form | None = None
) -> Response:
    """HTML, or Markdown with `?format=md` or `Accept: text/markdown`."""
    here = services(request)
    form = chosen_form(format, request.headers.get("accept", ""))
    found = await here.registry.run(ModelVersionRepository().get(version))
    if found.card is None:
        raise Problem(
            404,
            f"{version} has no model card: it was registered before there were cards. Every "
            "version from the next training run (POST /train) on has one.",
        )
    digest = digest_of(found.card, form)
    same = unchanged(request, digest)
    if same is not None:
        return same
    data = await here.registry.run(ArtifactRepository().get(digest))
    return card_answer(data, form, digest, found.version)


@router.post(
    "/models/{version}/promote",
    summary="Makes a version champion",
    **operation(MoveAnswer, 404, 409, body=REASON),
)
async def promote(request: Request, version: str, client: MayDecide) -> Response:
    """Any registered version; every worker serves it within two seconds."""
    here = services(request)
    reason = await _reason(request)
    found = await here.registry.run(ModelVersionRepository().get(version))
    return await _move(here, Move(found.version, "promote", client.name, reason))


@router.post(
    "/model/rollback",
    summary="Undoes the latest promotion",
    **operation(MoveAnswer, 404, 409, body=REASON),
)
async def rollback(request: Request, client: MayDecide) -> Response:
    """Back to the version that served before; 409 if there was none."""
    here = services(request)
    reason = await _reason(request)
    target = rollback_target(await here.registry.run(PromotionRepository().newest(0)))
    if target is None:
        raise Problem(409, "No version served before the present champion.")
    if not is_version_name(target):
        raise Problem(
            409,
            f"The ledger says that {target!r:.40} served before, which names no "
            "version; promote one by its name: POST /models/v<number>/promote.",
        )
    await here.registry.run(ModelVersionRepository().get(target))
    return await _move(here, Move(target, ROLLBACK, client.name, reason))


@router.post(
    "/model/reload",
    summary="Looks at the registry's champion now",
    **operation(ReloadAnswer, 408, 413),
)
async def reload(request: Request, _client: MayDecide) -> Response:
    """Also tries a quarantined version once more."""
    here = services(request)
    await read_body(request.receive, SMALL)
    here.live.forgive()
    await here.refresher.poll()
    await here.holder.refresh()
    document: ReloadAnswer = {
        "model_version": here.champion().version,
        "quarantined": here.live.quarantined(),
    }
    return json_answer(document)


async def _move(here: Services, move: Move) -> Response:
    done = await move_champion(here.registry, move, now=here.now())
    document: MoveAnswer = {
        "model_version": done.challenger,
        "version": done.challenger,
        "former": done.champion,
        "revision": done.revision,
        "reason": done.reasons[0],
    }
    return json_answer(document)


async def _reason(request: Request) -> str:
    return read_reason(await read_body(request.receive, SMALL))


def _summary(version: ModelVersion, serving: str | None) -> VersionSummary:
    summary: VersionSummary = {
        "version": version.version,
        "task": version.task,
        "family": version.family,
        "thresholds": version.thresholds,
        "number": version.number,
        "created_at": version.created_at,
        "metrics": version.metrics,
        "metrics_on": version.metrics_on,
        "window": version.window,
        "lineage": version.lineage,
    }
    if serving is not None:
        summary["champion"] = version.version == serving
    return summary
