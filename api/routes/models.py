"""Which model serves, which ones there are, and moving the champion by hand."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayDecide, MayReadAll
from api.answers.filled import filled
from api.answers.models import (
    LocalModelAnswer,
    ModelAnswer,
    MoveAnswer,
    ReloadAnswer,
    VersionAnswer,
    VersionsAnswer,
    VersionSummary,
)
from api.bodies import REASON
from api.card_answer import MEDIA_TYPES, Form, card_answer, chosen_form, digest_of, unchanged
from api.http.body import SMALL, read_body
from api.http.json_answer import json_answer
from api.http.problems import Problem
from api.manual_moves import ROLLBACK, Move, move_champion, rollback_target
from api.operation import TEXT, operation
from api.payload import read_reason
from api.security import Client
from api.services import root_of, services
from api.withheld.records import shown_promotion, shown_version
from database.aliases import CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from database.erasing.learned import LearnedErasedRepository
from database.promotions import PromotionRepository
from database.versions import ModelVersionRepository
from model.errors import RegistryUnavailable
from model.promotion import latest_by_hand, of_run
from model.version import Alias, ModelVersion, is_version_name

MOST_VERSIONS = 200

router = APIRouter(tags=["models"])


@router.get("/model", **operation("The champion", ModelAnswer | LocalModelAnswer, 404))
async def get_model(request: Request, _client: MayReadAll) -> Response:
    """What this worker serves, with what the registry tells of it if it answers."""
    here = services(request)
    champion = here.champion()
    served = {
        "version": champion.version,
        "model_version": champion.version,
        "task": here.task.name,
        "family": champion.bundle.family,
        "thresholds": champion.thresholds,
        "features": champion.bundle.feature_names,
        "revision": champion.pointer.revision,
        "provisional": champion.pointer.provisional,
        "generation": here.holder.generation,
        "quarantined": here.live.quarantined(),
    }
    try:
        found = await here.registry.run(ModelVersionRepository().get(champion.version))
    except RegistryUnavailable:
        return json_answer(filled(LocalModelAnswer, None, registry="unavailable", **served))
    return json_answer(filled(ModelAnswer, shown_version(found), **served))


@router.get("/models", **operation("Every version, newest first", VersionsAnswer))
async def list_versions(request: Request, _client: MayReadAll) -> Response:
    """Each with its metrics; `champion` tells which one serves."""
    here = services(request)
    alias = await here.registry.run(AliasRepository().get(CHAMPION))
    found = await here.registry.run(ModelVersionRepository().newest(MOST_VERSIONS))
    listed = [
        filled(VersionSummary, shown_version(version), **_serving(version, alias))
        for version in found
    ]
    return json_answer(VersionsAnswer(champion=alias.version if alias else None, models=listed))


@router.get("/models/{version}", **operation("One version", VersionAnswer, 404))
async def get_version(request: Request, version: str, _client: MayReadAll) -> Response:
    """Everything the registry knows of a version.

    `decision` is that of the run that made it, with its evidence; `moved_by_hand` the newest one
    that somebody took; `decisions` are all, newest first.
    """
    here = services(request)
    found = shown_version(await here.registry.run(ModelVersionRepository().get(version)))
    alias = await here.registry.run(AliasRepository().get(CHAMPION))
    every = await here.registry.run(PromotionRepository().of_version(version))
    decisions = [shown_promotion(one) for one in every]
    erased = await here.registry.run(LearnedErasedRepository().of_version(version))
    return json_answer(
        filled(
            VersionAnswer,
            found,
            learned_from_erased=erased,
            card=f"{root_of(request)}/models/{found.version}/card" if found.card else None,
            decision=of_run(decisions),
            moved_by_hand=latest_by_hand(decisions),
            decisions=decisions,
            **_serving(found, alias),
        )
    )


@router.get(
    "/models/{version}/card",
    response_class=Response,
    **operation("The model card of a version", dict.fromkeys(MEDIA_TYPES.values(), TEXT), 404, 422),
)
async def get_card(
    request: Request, version: str, _client: MayReadAll, format: Form | None = None
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
    **operation("Makes a version champion", MoveAnswer, 404, 409, body=REASON),
)
async def promote(request: Request, version: str, client: MayDecide) -> Response:
    """Any registered version; every worker serves it within two seconds."""
    here = services(request)
    reason = await _reason(request)
    found = await here.registry.run(ModelVersionRepository().get(version))
    return await _move(request, client, Move(found.version, "promote", client.name, reason))


@router.post(
    "/model/rollback", **operation("Undoes the latest promotion", MoveAnswer, 404, 409, body=REASON)
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
    return await _move(request, client, Move(target, ROLLBACK, client.name, reason))


@router.post(
    "/model/reload", **operation("Looks at the registry's champion now", ReloadAnswer, 408, 413)
)
async def reload(request: Request, client: MayDecide) -> Response:
    """Also tries a quarantined version once more."""
    here = services(request)
    await read_body(request.receive, SMALL)
    here.live.forgive()
    await here.refresher.poll()
    await here.holder.refresh()
    quarantined = here.live.quarantined()
    version = here.champion().version
    here.trail.tell(request, client, "reload", subject=version)
    return json_answer(ReloadAnswer(model_version=version, quarantined=quarantined))


async def _move(request: Request, client: Client, move: Move) -> Response:
    here = services(request)
    days = here.task.promotion.approval_days
    done = await move_champion(here.registry, move, approval_days=days, now=here.now())
    here.trail.tell(request, client, move.action, subject=move.version, detail=move.reason)
    return json_answer(
        MoveAnswer(
            model_version=done.challenger,
            version=done.challenger,
            former=done.champion,
            revision=done.revision,
            reason=done.reasons[0],
        )
    )


async def _reason(request: Request) -> str:
    return read_reason(await read_body(request.receive, SMALL))


def _serving(version: ModelVersion, champion: Alias | None) -> dict[str, bool]:
    if champion is None:
        return {}
    serves = version.version == champion.version
    return {"champion": serves, "provisional": serves and champion.provisional}
