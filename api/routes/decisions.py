"""Who served when, and every decision about that."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayDecide, MayReadAll
from api.answers.decisions import (
    ChampionAnswer,
    DecisionEntry,
    PromotionsAnswer,
    RefusalAnswer,
)
from api.answers.filled import filled
from api.answers.models import MoveAnswer
from api.bodies import REASON
from api.http.body import SMALL, read_body
from api.http.json_answer import json_answer
from api.http.problems import Problem
from api.operation import operation
from api.payload import read_reason
from api.security import Client
from api.services import services
from api.withheld.records import shown_promotion
from database.decisions import approval
from database.decisions.realised import promotions_and_what_came
from database.driver.commands import Op
from database.promotions import PromotionRepository
from model.decisions.realised import RealisedGain, is_kept, track_record
from model.promotion import APPROVE, REFUSE, Promotion, Term

router = APIRouter(tags=["models"])

Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=100_000)]

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


@router.get(
    "/promotions",
    **operation("Every decision with its promise and what came", PromotionsAnswer, 422),
)
async def list_promotions(
    request: Request, _client: MayReadAll, limit: Limit = 50, offset: Offset = 0
) -> Response:
    """Newest first; `track_record` is over all of them."""
    run = services(request).registry.run
    page = (await run(PromotionRepository().newest(offset + limit)))[offset:]
    promoted, came = await run(promotions_and_what_came())
    return json_answer(
        PromotionsAnswer(
            total=await run(PromotionRepository().count()),
            track_record=track_record(promoted, came),
            promotions=[_entry(one, came.get(one.promotion_id)) for one in page],
        )
    )


@router.post(
    "/models/{version}/approve",
    **operation("Lets a staged version serve", MoveAnswer, 404, 409, body=REASON),
)
async def approve(request: Request, version: str, client: MayDecide) -> Response:
    """While the champion is the one it was compared with; every worker serves it in two seconds."""
    done = await _answered(request, approval.approve, version, client, await _reason(request))
    return json_answer(
        MoveAnswer(
            model_version=done.challenger,
            version=done.challenger,
            former=done.champion,
            revision=done.revision,
            reason=done.reasons[0],
        )
    )


@router.post(
    "/models/{version}/refuse",
    **operation("Ends the wait of a staged version", RefusalAnswer, 404, 409, body=REASON),
)
async def refuse(request: Request, version: str, client: MayDecide) -> Response:
    """The champion serves on."""
    done = await _answered(request, approval.refuse, version, client, await _reason(request))
    return json_answer(
        RefusalAnswer(
            version=done.challenger,
            model_version=done.champion,
            status=done.status,
            reason=done.reasons[0],
        )
    )


async def _answered(
    request: Request,
    act: Callable[..., Op[Promotion]],
    version: str,
    client: Client,
    reason: str,
) -> Promotion:
    here = services(request)
    days, now = here.task.promotion.approval_days, here.now()
    done = await here.registry.run(
        act(version, actor=client.name, reason=reason, days=days, now=now)
    )
    action = REFUSE if act is approval.refuse else APPROVE
    here.trail.tell(request, client, action, subject=version, detail=reason)
    return done


def _entry(promotion: Promotion, came: RealisedGain | None) -> DecisionEntry:
    promise = promotion.promise
    kept = is_kept(promise, came) if promise and came else None
    return filled(DecisionEntry, shown_promotion(promotion), came=came, kept=kept)


async def _reason(request: Request) -> str:
    return read_reason(await read_body(request.receive, SMALL))


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
