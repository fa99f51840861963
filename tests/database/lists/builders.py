"""Published lists as tests want them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from database.driver.commands import Op
from database.lists.published import ListedRowRepository, PublishedListRepository
from model.lists.published import (
    Lane,
    LaneRoom,
    ListBudget,
    ListedRow,
    PublishedList,
    RoomSource,
    row_key,
)
from tests.database.builders import START


def listed(list_id: str = "l1", student_id: str = "RA-1", **changes: Any) -> ListedRow:
    values: dict[str, Any] = {
        "lane": Lane.NEW,
        "unit": "north",
        "score": 0.7,
        "margin": 0.4,
        "rank": 1,
        "listed": True,
    }
    key = row_key(list_id, student_id)
    return ListedRow(key, list_id, student_id, **{**values, **changes})


def published(
    list_id: str = "l1", period: str = "2023", at: datetime = START, **changes: Any
) -> PublishedList:
    values: dict[str, Any] = {
        "budgets": (ListBudget(Lane.NEW, "north", top=2), ListBudget(Lane.KNOWN, share=0.25)),
        "students": 3,
        "lanes": (LaneRoom(Lane.NEW, "north", 3, 2, 2, RoomSource.SCHOOL),),
    }
    return PublishedList(list_id, period, "v1", at, "Ana", **{**values, **changes})


def list_kept(draft: PublishedList, rows: Sequence[ListedRow] = ()) -> Op[None]:
    """A complete list."""
    yield from PublishedListRepository().announce(draft)
    yield from ListedRowRepository().add_many(rows)
    yield from PublishedListRepository().complete(draft)
