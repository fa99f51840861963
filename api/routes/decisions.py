"""Who served when, and every decision about that."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayReadAll
from api.answers.decisions import ChampionAnswer
from api.http.json_answer import json_answer
from api.http.problems import Problem
from api.operation import operation
from api.services import services
from database.promotions import PromotionRepository
from model.promotion import Term

router = APIRouter(tags=["models"])

UNESCAPED_PLUS = re.compile(r"(T[\d:.]+) (\d\d:?\d\d)$")
"""A zone's plus sign arrives as a space where the caller did not escape it."""

At = Annotated[
    str | None,
    Query(
        description="ISO 8601 with its zone. Default: now.",
        json_schema_extra={"format": "date-time"},
    ),
]


@router.get("/champion", **operation("Who served at a moment", ChampionAnswer, 422))
async def get_champion(request: Request, _client: MayReadAll, at: At = None) -> Response:
    """By the ledger, whatever this worker serves: `?at=2026-05-01T12:00:00Z`."""
    here = services(request)
    moment = here.now() if at is None else read_moment(at, now=here.now())
    return json_answer(
        _told(moment, await here.registry.run(PromotionRepository().term_at(moment)))
    )


def read_moment(text: str, *, now: datetime) -> datetime:
    """A moment of the past, in UTC.

    Args:
        text: as a caller wrote it.
        now: aware UTC.

    Raises:
        Problem: 422, it is none, has no zone, or has not come yet.

    >>> read_moment("2026-05-01T09:00:00-03:00", now=datetime(2027, 1, 1, tzinfo=UTC)).hour
    12
    """
    try:
        moment = datetime.fromisoformat(UNESCAPED_PLUS.sub(r"\1+\2", text.strip()))
    except ValueError:
        raise Problem.of_field("at", f"must be an ISO 8601 time, such as {now:%FT%TZ}") from None
    if moment.tzinfo is None:
        raise Problem.of_field("at", "has no zone; end it with Z for UTC")
    if moment > now:
        raise Problem.of_field("at", "is in the future; nobody knows who will serve then")
    return moment.astimezone(UTC)


def _told(moment: datetime, term: Term | None) -> ChampionAnswer:
    promotion = term.promotion if term else None
    version = promotion.challenger if promotion else None
    return ChampionAnswer(
        at=moment,
        version=version,
        model_version=version,
        provisional=promotion.provisional if promotion else None,
        since=promotion.at if promotion else None,
        until=term.until if term else None,
        decision=promotion.promotion_id if promotion else None,
        actor=promotion.actor if promotion else None,
        action=promotion.action if promotion else None,
        reasons=list(promotion.reasons) if promotion else [],
    )
