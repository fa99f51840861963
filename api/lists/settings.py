"""The budgets that hold, and what the champion finds within them."""

from __future__ import annotations

from api.answers.filled import filled
from api.answers.lists import BudgetsAnswer, FoundWithin
from api.lists.budgets import visible
from api.services import Services
from api.units import UnitLimit
from database.driver.commands import Op
from database.lists.budgets import BudgetRepository
from database.lists.published import newest_rooms
from database.versions import ModelVersionRepository
from model.lists.budget import SUBJECT
from model.lists.finds import finds_within
from model.lists.published import RoomSource
from preprocessing.lists.scoring import lanes_there_are
from preprocessing.task.policies import PromotionPolicy


async def budgets_answer(here: Services, limit: UnitLimit | None) -> BudgetsAnswer:
    """The budgets as a key may see them.

    Args:
        here: the services of the task.
        limit: of the key; None: it is for all units.

    Raises:
        RegistryError: the registry does not answer.
    """
    settings = await here.registry.run(BudgetRepository().find(SUBJECT))
    current = here.holder.current
    whole = limit is None and current is not None
    finds = await here.registry.run(_finds(current.version)) if whole and current else None
    return BudgetsAnswer(
        budgets=visible(settings.budgets if settings else (), limit),
        lanes=lanes_there_are(here.task),
        usual=usual_source(here.task.promotion),
        at=settings.at if settings else None,
        by=settings.by if settings else None,
        finds=finds,
    )


def usual_source(policy: PromotionPolicy) -> RoomSource:
    """Who says how many places a lane has that nobody has set a budget for."""
    told = policy.lanes is not None or policy.alert_budget is not None
    return RoomSource.POLICY if told else RoomSource.CHAMPION


def _finds(version: str) -> Op[FoundWithin | None]:
    """What a version finds within the places of the list that was published last."""
    known = yield from ModelVersionRepository().find(version)
    found = None if known is None else finds_within(known.by_lane, (yield from newest_rooms()))
    return None if found is None else filled(FoundWithin, found)
