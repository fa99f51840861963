"""What is answered about budgets, and about lists as they were published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from typing_extensions import TypedDict

from api.answers.filled import Count, Rank, Share
from model.lists.published import Lane, LaneRoom, ListBudget, RoomSource


class FoundWithin(TypedDict):
    """What the champion finds within the places there are, on students it had not learned from.

    Attributes:
        places: share of the students who have a place.
        recall: of those who will be at risk, the share with a place.
        precision: of those with a place, the share who will be at risk.
        new_recall: of the new cases, the share with a place; null where no one can tell.
    """

    places: Share
    recall: Share
    precision: Share
    new_recall: Share | None


class BudgetsAnswer(TypedDict):
    """How many students can be helped.

    Attributes:
        budgets: those that somebody has set; a unit's own goes before the one of every other unit
            (`unit` empty), of which each has that room.
        lanes: the lanes that a budget may be for.
        usual: who says how many places a lane has that nobody has set a budget for.
        at: when somebody changed one last; null before anybody did.
        by: whose key it was.
        finds: null of a numeric task, of a version of before it was measured, and to a key for some
            units.
    """

    budgets: Sequence[ListBudget]
    lanes: Sequence[Lane]
    usual: RoomSource
    at: datetime | None
    by: str | None
    finds: FoundWithin | None


class PublishedAnswer(TypedDict):
    """A list as it was published.

    Attributes:
        version: the model version that ranked it.
        budgets: that it was cut by.
        lanes: students and places of each lane and unit.
        places: stratum (`<lane>:<unit>`) to the places that were drawn for.
        band: half the width of the band that was drawn in, as a share of the places; 0: no draw.
        seed: of the draw.
        students: how many it is about; those of whom too little is known have no row.
        replaces: the drawn list that this one was meant to replace; empty: none.
    """

    list_id: str
    period: str
    version: str
    at: datetime
    by: str
    budgets: Sequence[ListBudget]
    lanes: Sequence[LaneRoom]
    places: Mapping[str, Count]
    band: Share
    seed: int
    students: Count
    replaces: str


class PublishedListsAnswer(TypedDict):
    """Lists as they were published, newest first."""

    lists: Sequence[PublishedAnswer]


class ListedRowFields(TypedDict):
    """A student on a published list.

    Attributes:
        unit: folded; empty: unknown.
        margin: how far the score stands beyond the cut, in log-odds of the risk (a number: in its
            own unit); more than 0 is within.
        listed: whether the student had a place.
        stratum: the draw that the student took part in; empty: none.
        won: what the draw said; null without one.
    """

    student_id: str
    lane: Lane
    unit: str
    score: float
    margin: float
    rank: Rank
    listed: bool
    stratum: str
    won: bool | None


class PublishedListAnswer(PublishedAnswer):
    """A list with a page of its rows, by unit, lane and rank."""

    limit: int
    offset: int
    rows: Sequence[ListedRowFields]
