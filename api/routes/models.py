"""Which model serves, which ones there are, and moving the champion by hand."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer, needs
from api.card_answer import MEDIA_TYPES, Form, card_answer, chosen_form, digest_of, unchanged
from api.http.body import SMALL, read_body
from api.http.problems import Problem
from api.manual_moves import Move, move_champion
from api.payload import read_reason
from api.rollback import ROLLBACK, rollback_target
from api.security import Client
from api.services import Services, services
from database.aliases import CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from database.promotions import PromotionRepository
from database.versions import ModelVersionRepository
from model.access import Scope
from model.errors import RegistryUnavailable
from model.promotion import latest_by_hand, of_run
from model.version import ModelVersion, is_version_name

MOST_VERSIONS = 200

router = APIRouter(tags=["models"])
MayRead = Annotated[Client, Depends(needs(Scope.READ))]
MayDecide = Annotated[Client, Depends(needs(Scope.ADMIN))]


@router.get("/model", summary="The champion")
async def get_model(request: Request, _client: MayRead) -> Response:
    """What this worker serves, with what the registry tells of it if it answers."""
    here = services(request)
    champion = here.champion()
    fault = here.live.quarantined()
    known: dict[str, Any] = {}
    try:
        known = _summary(await here.registry.run(ModelVersionRepository().get(champion.version)))
    except RegistryUnavailable:
        known = {"registry": "unavailable"}
    return json_answer(
        known
        | {
            "version": champion.version,
            "model_version": champion.version,
            "task": here.task.name,
            "family": champion.bundle.family,
            "thresholds": champion.thresholds,
            "features": champion.bundle.feature_names,
            "revision": champion.pointer.revision,
            "generation": here.holder.generation,
            "quarantined": fault,
        }
    )


@router.get("/models", summary="Every version, newest first")
async def get_models(request: Request, _client: MayRead) -> Response:
    """Each with its metrics; `champion` tells which one serves."""
    here = services(request)
    alias = await here.registry.run(AliasRepository().find(CHAMPION))
    found = await here.registry.run(ModelVersionRepository().newest(MOST_VERSIONS))
    serving = alias.version if alias else None
    return json_answer({"champion": serving, "models": [_summary(v, serving) for v in found]})


@router.get("/models/{version}", summary="One version")
async def get_version(request: Request, version: str, _client: MayRead) -> Response:
    """Everything the registry knows of a version.

    `decision` is that of the run that made it, with its evidence; `moved_by_hand` the newest one
    that somebody took; `decisions` are all, newest first.
    """
    here = services(request)
    found = await here.registry.run(ModelVersionRepository().get(version))
    alias = await here.registry.run(AliasRepository().find(CHAMPION))
    decisions = await here.registry.run(PromotionRepository().of_version(version))
    return json_answer(
        _summary(found, alias.version if alias else None)
        | {
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
    )


@router.get(
    "/models/{version}/card",
    summary="The model card of a version",
    response_class=Response,
    responses={200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}}},
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


@router.post("/models/{version}/promote", summary="Makes a version champion")
async def promote(request: Request, version: str, client: MayDecide) -> Response:
    """Any registered version; every worker serves it within two seconds."""
    here = services(request)
    reason = await _reason(request)
    found = await here.registry.run(ModelVersionRepository().get(version))
    return await _move(here, Move(found.version, "promote", client.name, reason))


@router.post("/model/rollback", summary="Undoes the latest promotion")
async def roll_back(request: Request, client: MayDecide) -> Response:
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


@router.post("/model/reload", summary="Looks at the registry's champion now")
async def reload(request: Request, _client: MayDecide) -> Response:
    """Also tries a quarantined version once more."""
    here = services(request)
    await read_body(request.receive, SMALL)
    here.live.forgive()
    await here.refresher.poll()
    await here.holder.refresh()
    return json_answer(
        {"model_version": here.champion().version, "quarantined": here.live.quarantined()}
    )


async def _move(here: Services, move: Move) -> Response:
    done = await move_champion(here.registry, move, now=here.now())
    return json_answer(
        {
            "model_version": done.challenger,
            "version": done.challenger,
            "former": done.champion,
            "revision": done.revision,
            "reason": done.reasons[0],
        }
    )


async def _reason(request: Request) -> str:
    return read_reason(await read_body(request.receive, SMALL))


def _summary(version: ModelVersion, serving: str | None = None) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "version": version.version,
        "number": version.number,
        "task": version.task,
        "family": version.family,
        "created_at": version.created_at,
        "metrics": version.metrics,
        "metrics_on": version.metrics_on,
        "thresholds": version.thresholds,
        "window": version.window,
        "lineage": version.lineage,
    }
    if serving is not None:
        summary["champion"] = version.version == serving
    return summary
