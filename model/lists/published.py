"""A list of students as it was published: who stood where, and where the cut was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Lane(StrEnum):
    """Whether a student is at risk already (everybody knows) or would be new.

    `ALL` where the task cannot tell them apart.
    """

    KNOWN = "known"
    NEW = "new"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class ListBudget:
    """How many students can be helped, in a lane and a unit; exactly one of both numbers is given.

    Attributes:
        unit: the (folded) school; "" is every school that has no budget of its own.
        top: so many students.
        share: that share of the lane's students, in (0, 1].
    """

    lane: Lane
    unit: str = ""
    top: int | None = None
    share: float | None = None


class RoomSource(StrEnum):
    """Who says how many places a lane has.

    `SCHOOL` is a budget that somebody set, `POLICY` the TaskSpec (`promotion.lanes`,
    `promotion.alert_budget`), `CHAMPION` the operating point of the version that serves.
    """

    SCHOOL = "school"
    POLICY = "policy"
    CHAMPION = "champion"


@dataclass(frozen=True, slots=True)
class LaneRoom:
    """A lane of a unit: how many students it has, and how many of them there is room for.

    Attributes:
        unit: the (folded) school; "" is unknown.
        students: in the lane, those of whom too little is known included.
        places: how many can be helped; may be more than there are.
        within: how many of the students have a place.
        source: who says how many places there are.
    """

    lane: Lane
    unit: str
    students: int
    places: int
    within: int
    source: RoomSource = RoomSource.CHAMPION

    @property
    def stratum(self) -> str:
        """How draws and rows name it."""
        return f"{self.lane.value}:{self.unit}"


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One student on a published list.

    Attributes:
        row_id: `<list_id>:<student_id>`.
        student_id: the key of the student.
        unit: the (folded) school; "" is unknown.
        score: what the version said, on its own scale.
        margin: how far the score stands beyond the cut of its lane and unit, in log-odds of the
            risk (for a number in the outcome's own units); the cut lies midway between the last
            within and the first beyond, so more than 0 is within, and 0 is equal to both.
        rank: 1 is the most urgent of the lane and unit.
        listed: within the cut, or drawn into it.
        stratum: which draw the student took part in (`<lane>:<unit>`); "" is none.
        won: whether the draw gave the student a place; None without a draw.
    """

    row_id: str
    list_id: str
    student_id: str
    lane: Lane
    unit: str
    score: float
    margin: float
    rank: int
    listed: bool
    stratum: str = ""
    won: bool | None = None


@dataclass(frozen=True, slots=True)
class PublishedList:
    """A list as it was published; it never changes afterwards.

    Attributes:
        period: whose students.
        version: the model version that ranked them.
        at: when it was published, aware UTC.
        by: who published it; "worker" where a job did.
        budgets: the ones that it was cut by.
        places: places by stratum, of those that were drawn for; empty without a lottery.
        band: half the width of the lottery's band, as a share of the places; 0 is no lottery.
        seed: of the draw, recorded before anything was drawn.
        students: how many rows it has.
        lanes: the room of each lane and unit.
        complete: whether all rows are there; a list that is not is nobody's.
        replaces: the list with a draw that somebody meant to put this one in the place of.
    """

    list_id: str
    period: str
    version: str
    at: datetime
    by: str
    budgets: tuple[ListBudget, ...] = ()
    places: tuple[tuple[str, int], ...] = ()
    band: float = 0.0
    seed: int = 0
    students: int = 0
    lanes: tuple[LaneRoom, ...] = ()
    complete: bool = False
    replaces: str = ""

    @property
    def drawn(self) -> bool:
        """Whether places were given by lot."""
        return self.band > 0


def row_key(list_id: str, student_id: str) -> str:
    """The key of a student's row on a list."""
    return f"{list_id}:{student_id}"
