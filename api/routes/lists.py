"""How many students can be helped, and lists as they were published."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayAct, MayActOnAll, MayRead
from api.answers.lists import BudgetsAnswer, PublishedListAnswer, PublishedListsAnswer
from api.http.body import LARGE, SMALL, read_body
from api.http.json_answer import json_answer
from api.lists.budgets import BODY, changed, read_budgets
from api.lists.publishing import PUBLICATION, publish, read_publication
from api.lists.settings import budgets_answer
from api.lists.told import told_list, told_row
from api.operation import operation
from api.payload import read_object
from api.routes.students import Limit, Offset
from api.services import services
from api.units import UnitLimit
from database.lists.budgets import BudgetRepository
from database.lists.published import ListedRowRepository, PublishedListRepository
from model.lists.budget import SUBJECT, BudgetSettings
from preprocessing.lists.scoring import lanes_there_are

router = APIRouter(tags=["lists"])
MOST_LISTS = 200


@router.get("/budgets", **operation("How many students can be helped", BudgetsAnswer))
async def get_budgets(request: Request, client: MayRead) -> Response:
    """The budgets that the schools have set, and what the champion finds within them.

    A key for some units sees those of its own, and those of every unit without its own.
    """
    here = services(request)
    return json_answer(await budgets_answer(here, UnitLimit.of(client, here.task)))


@router.put(
    "/budgets",
    **operation("Says how many students can be helped", BudgetsAnswer, 404, 409, body=BODY),
)
async def put_budgets(request: Request, client: MayAct) -> Response:
    """Puts these budgets in the place of all, or with a key for some units of those of its own.

    Each is for one lane, and for one unit or every unit without its own, and says `top` (so many
    students) or `share` (of the lane's students in a unit). A lane without a budget has the places
    that the task's policy says, else as many as the champion's operating point flags. The list, its
    files, the dashboard and the next model card count within them.
    """
    here = services(request)
    limit = UnitLimit.of(client, here.task)
    body = read_object(await read_body(request.receive, LARGE))
    sent = read_budgets(body, lanes_there_are(here.task))
    known = await here.registry.run(BudgetRepository().find(SUBJECT))
    after = changed(known.budgets if known else (), sent, limit)
    now = here.now()
    settings = BudgetSettings(SUBJECT, after, now, client.name, known.revision if known else 0)
    await here.registry.run(BudgetRepository().put(settings))
    rooms = ((one.lane, one.share if one.top is None else one.top) for one in sent)
    told = ", ".join(f"{lane.value} {room}" for lane, room in rooms)
    here.trail.tell(request, client, "set", subject="budgets", detail=told)
    return json_answer(await budgets_answer(here, limit))


@router.post(
    "/lists",
    **operation(
        "Publishes the list of a period",
        PublishedListAnswer,
        404,
        409,
        body=PUBLICATION,
    ),
)
async def publish_list(request: Request, client: MayActOnAll) -> Response:
    """Keeps the list as it is now: who stands where, where the cut is, who has a place.

    With a `lottery` places at the margin are drawn: in a band around each cut, `band` of the places
    to either side. The list with its seed is recorded before a lot is drawn, and a lot follows from
    the list, the seed and the student. What was drawn stands for the period: 409, unless `replaces`
    names the list with the draw.
    """
    here = services(request)
    asked = read_publication(read_object(await read_body(request.receive, SMALL)))
    done = await publish(request, client, asked)
    rows = await here.registry.run(ListedRowRepository().page(done.list_id, skip=0, limit=50))
    return json_answer(
        PublishedListAnswer(
            **told_list(done, None),
            limit=50,
            offset=0,
            rows=[told_row(here.task, row) for row in rows],
        )
    )


@router.get("/lists", **operation("Lists as they were published", PublishedListsAnswer, 422))
async def list_published(
    request: Request,
    client: MayRead,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTS)] = 50,
) -> Response:
    """Published lists, newest first. A key for some units sees of each what is of its own."""
    here = services(request)
    mine = UnitLimit.of(client, here.task)
    found = await here.registry.run(PublishedListRepository().newest(limit))
    return json_answer(
        PublishedListsAnswer(lists=[told_list(one, mine) for one in found if one.complete])
    )


@router.get("/lists/{list_id}", **operation("A published list", PublishedListAnswer, 404, 422))
async def get_published(
    request: Request, list_id: str, client: MayRead, limit: Limit = 50, offset: Offset = 0
) -> Response:
    """A list with its rows, by unit, lane and rank. A key for some units sees those of its own.

    Args:
        request: the request.
        list_id: of the list.
        client: who asks.
        limit: rows in the answer, at most.
        offset: rows left out before the first.
    """
    here = services(request)
    mine = UnitLimit.of(client, here.task)
    found = await here.registry.run(PublishedListRepository().published(list_id))
    units = None if mine is None else mine.chosen(None)
    page = ListedRowRepository().page(list_id, units=units, skip=offset, limit=limit)
    rows = await here.registry.run(page)
    return json_answer(
        PublishedListAnswer(
            **told_list(found, mine),
            limit=limit,
            offset=offset,
            rows=[told_row(here.task, row) for row in rows],
        )
    )
