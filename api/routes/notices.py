"""What people were told, for whoever reads it here instead of in a mail."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayReadAll
from api.answers.filled import filled
from api.answers.notices import NoticeEntry, NoticesAnswer
from api.http.json_answer import json_answer
from api.operation import operation
from api.services import services
from database.watch.notices import NoticeRepository

router = APIRouter(tags=["retraining"])
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/notices", **operation("Notices, newest first", NoticesAnswer, 422))
async def list_notices(request: Request, _client: MayReadAll, limit: Limit = 50) -> Response:
    """Alarms, promotions, failures and promises, with whether people were told."""
    found = await services(request).registry.run(NoticeRepository().newest(limit))
    return json_answer(NoticesAnswer(notices=[filled(NoticeEntry, one) for one in found]))
