"""Whether the help helps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayReadAll
from api.answers.effects import EffectsAnswer
from api.answers.filled import filled
from api.http.json_answer import json_answer
from api.operation import operation
from api.services import services
from database.helping.effects import EffectRepository

router = APIRouter(tags=["helping"])

NOTHING_YET: Mapping[str, Any] = {
    "at": None, "lists": 0, "periods": (), "lottery": (), "cut": None, "power": None,
}  # fmt: skip


@router.get("/effects", **operation("Whether the help helps", EffectsAnswer))
async def get_effects(request: Request, _client: MayReadAll) -> Response:
    """As the worker measured it last, each night in which something had come."""
    found = await services(request).registry.run(EffectRepository().current())
    if found is None:
        return json_answer(filled(EffectsAnswer, None, **NOTHING_YET))
    return json_answer(filled(EffectsAnswer, found))
