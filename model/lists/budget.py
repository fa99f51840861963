"""How many students of a lane and a unit there is room for: one arithmetic for whoever counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from model.lists.published import Lane, ListBudget

SUBJECT = "budgets"
MOST_PLACES = 1_000_000


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """The budgets that the schools have set, as one record.

    Attributes:
        subject: `SUBJECT`; there is one record.
        at: when somebody changed one last, aware UTC.
        by: the name of whose key it was.
        revision: grows by one with each change.
    """

    subject: str
    budgets: tuple[ListBudget, ...]
    at: datetime
    by: str
    revision: int = 0


def budget_of(budgets: Iterable[ListBudget], lane: Lane, unit: str) -> ListBudget | None:
    """The budget that holds in a lane and (folded) unit; None where nobody has set one.

    A unit's own goes before the one of every unit without its own, of which each has that room.

    >>> usual, own = ListBudget(Lane.NEW, top=20), ListBudget(Lane.NEW, "a", share=0.1)
    >>> [budget_of([usual, own], Lane.NEW, unit) is own for unit in ("a", "b")]
    [True, False]
    """
    found = {one.unit: one for one in budgets if one.lane is lane}
    return found.get(unit, found.get(""))


def places_of(budget: ListBudget, students: int) -> int:
    """How many of a lane's students in a unit a budget has places for, however few there are.

    >>> places_of(ListBudget(Lane.ALL, share=0.25), 10), places_of(ListBudget(Lane.ALL, top=30), 10)
    (3, 30)
    """
    return budget.top if budget.top is not None else rounded(budget.share or 0.0, students)


def rounded(share: float, students: int) -> int:
    """A share of students as a whole number, halves up.

    >>> rounded(0.5, 5)
    3
    """
    return int(share * students + 0.5)


def wrong_in(budget: ListBudget) -> str:
    """What is wrong with a budget, empty where nothing is.

    >>> wrong_in(ListBudget(Lane.NEW, top=3, share=0.5))
    'give either top or share'
    >>> wrong_in(ListBudget(Lane.NEW, share=0.5))
    ''
    """
    if (budget.top is None) == (budget.share is None):
        return "give either top or share"
    if budget.top is not None and not 0 <= budget.top <= MOST_PLACES:
        return f"top must be 0 to {MOST_PLACES}"
    if budget.share is not None and not 0 < budget.share <= 1:
        return "share must be more than 0 and at most 1"
    return ""
