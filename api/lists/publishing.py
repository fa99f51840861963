"""Publishes a list because somebody asks for it."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from api.http.problems import Problem
from api.lists.view import Question, look_at
from api.lists.wanted import ListFilter
from api.operation import Json
from api.security import Client
from api.services import services
from database.lists.published import ListedRowRepository, PublishedListRepository
from model.errors import Conflict
from model.lists.published import PublishedList
from preprocessing.lists.publishing import Lottery, Occasion, announced, rows_of

MOST_SEED = 2**53 - 1
"""A number that every JSON reader takes."""

PUBLICATION: Json = {
    "required": False,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "period": {"type": "string", "description": "Default: the newest."},
                    "lottery": {
                        "type": "object",
                        "properties": {
                            "band": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
                        },
                        "required": ["band"],
                        "additionalProperties": False,
                    },
                    "replaces": {"type": "string", "description": "The list whose draw stands."},
                },
                "additionalProperties": False,
            }
        }
    },
}


@dataclass(frozen=True, slots=True)
class Publication:
    """What somebody asks to be published.

    Attributes:
        band: of the lottery; 0 is none.
        replaces: the list whose draw it is meant to replace.
    """

    period: str | None
    band: float
    replaces: str


def read_publication(sent: Mapping[str, Any]) -> Publication:
    """The body of a publication.

    Raises:
        Problem: 422, names the field that is wrong.
    """
    if unknown := sent.keys() - {"period", "lottery", "replaces"}:
        raise Problem.of_field(min(unknown), "is unknown; give period, lottery or replaces")
    period, replaces = sent.get("period"), sent.get("replaces", "")
    for name, text in (("period", period), ("replaces", replaces)):
        if text is not None and not isinstance(text, str):
            raise Problem.of_field(name, "must be text")
    lottery = sent.get("lottery")
    if lottery is None:
        return Publication(period, 0.0, replaces)
    if not isinstance(lottery, dict) or not lottery.keys() <= {"band"}:
        raise Problem.of_field("lottery", "must be an object of band; the seed is made here")
    band = lottery.get("band")
    if isinstance(band, bool) or not isinstance(band, int | float) or not 0 < band <= 1:
        raise Problem.of_field("lottery.band", "must be more than 0 and at most 1")
    return Publication(period, float(band), replaces)


async def publish(request: Request, client: Client, asked: Publication) -> PublishedList:
    """Records a list as it is now, then draws, then keeps its rows.

    Raises:
        Problem: 404, nothing is known of the period.
        Conflict: a draw stands for the period, and `replaces` does not name it.
        RegistryError: the registry does not answer; then nothing is published.
    """
    here = services(request)
    view = await look_at(here, Question(None, asked.period, None, ListFilter()), now=True)
    if view.period is None or not view.scored.ids:
        raise Problem.of_field("period", "nothing is known of any student yet", 404)
    standing = view.published
    if asked.replaces and (standing is None or asked.replaces != standing.list_id):
        raise Conflict(f"{asked.replaces} is not the latest list of {view.period}; look again")
    if standing is not None and standing.drawn and not asked.replaces:
        raise Conflict(
            f"the draw of {standing.list_id} ({standing.at:%Y-%m-%d}) stands for {view.period}: "
            "whom it gave places is what the effect of the help is measured on; name it in "
            "`replaces` to publish another list all the same"
        )
    # Nobody may bring a seed: lots follow from it, so seeds could be tried until one pleases.
    lottery = Lottery(asked.band, secrets.randbelow(MOST_SEED)) if asked.band else None
    occasion = Occasion(
        list_id=_list_id(view.period, asked) if lottery else uuid.uuid4().hex,
        period=view.period,
        version=view.champion.version,
        at=here.now(),
        by=client.name,
        replaces=asked.replaces,
    )
    draft = announced(occasion, view.scored, view.ranked, view.budgets, lottery)
    await here.registry.run(PublishedListRepository().announce(draft))
    drawn = f", drawn in {draft.band:g} of the places with seed {draft.seed}" if lottery else ""
    told = f"{draft.period}, {draft.students} students{drawn}"
    here.trail.tell(request, client, "publish list", subject=draft.list_id, detail=told)
    rows = await asyncio.to_thread(lambda: list(rows_of(draft, view.scored, view.ranked)))
    await here.registry.run(ListedRowRepository().add_many(rows))
    return await here.registry.run(PublishedListRepository().complete(draft))


def _list_id(period: str, asked: Publication) -> str:
    """One draw a period and former draw: of two who draw at once, one is refused."""
    return hashlib.sha256(f"draw\0{period}\0{asked.replaces}".encode()).hexdigest()[:32]
