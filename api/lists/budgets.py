"""Budgets as they are sent, and as a key may see and change them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.http.problems import Problem
from api.operation import Json
from api.units import UnitLimit
from model.errors import UnknownUnit
from model.lists.budget import MOST_PLACES, wrong_in
from model.lists.published import Lane, ListBudget
from preprocessing.task.spelling import fold

MOST_BUDGETS = 2_000
LONGEST_UNIT = 200

BODY: Json = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "budgets": {
                        "type": "array",
                        "maxItems": MOST_BUDGETS,
                        "items": {
                            "type": "object",
                            "properties": {
                                "lane": {"type": "string", "enum": [lane.value for lane in Lane]},
                                "unit": {
                                    "type": "string",
                                    "description": "Default: every unit without its own.",
                                },
                                "top": {"type": "integer", "minimum": 0, "maximum": MOST_PLACES},
                                "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
                            },
                            "required": ["lane"],
                            "additionalProperties": False,
                            "examples": [{"lane": "new", "top": 20}],
                        },
                    }
                },
                "required": ["budgets"],
            }
        }
    },
}


def read_budgets(sent: Mapping[str, Any], lanes: Sequence[Lane]) -> tuple[ListBudget, ...]:
    """The budgets of a body.

    Args:
        sent: the body.
        lanes: that there are in the task.

    Raises:
        Problem: 422, names what is wrong.
    """
    listed = sent.get("budgets")
    if not isinstance(listed, list) or len(listed) > MOST_BUDGETS:
        raise Problem.of_field("budgets", f"must be a list of at most {MOST_BUDGETS}")
    found = tuple(_read(one, lanes, f"budgets.{n}") for n, one in enumerate(listed))
    if len({(one.lane, one.unit) for one in found}) < len(found):
        raise Problem.of_field("budgets", "has two of the same lane and unit; give one")
    return found


def _read(one: Any, lanes: Sequence[Lane], field: str) -> ListBudget:
    if not isinstance(one, dict) or not one.keys() <= {"lane", "unit", "top", "share"}:
        raise Problem.of_field(field, "must be an object of lane, unit, and top or share")
    if one.get("lane") not in [lane.value for lane in lanes]:
        told = " or ".join(lane.value for lane in lanes)
        raise Problem.of_field(f"{field}.lane", f"must be {told} in this task")
    unit = one.get("unit") or ""
    if not isinstance(unit, str) or len(unit) > LONGEST_UNIT:
        raise Problem.of_field(
            f"{field}.unit", f"must be text of at most {LONGEST_UNIT} characters"
        )
    top, share = one.get("top"), one.get("share")
    if top is not None and type(top) is not int:
        raise Problem.of_field(f"{field}.top", "must be a whole number")
    if share is not None and type(share) not in (int, float):
        raise Problem.of_field(f"{field}.share", "must be a number")
    budget = ListBudget(Lane(one["lane"]), fold(unit), top, None if share is None else float(share))
    if wrong := wrong_in(budget):
        raise Problem.of_field(field, wrong)
    return budget


def changed(
    before: Iterable[ListBudget], sent: Sequence[ListBudget], limit: UnitLimit | None
) -> tuple[ListBudget, ...]:
    """All budgets after a change: those sent, in the place of the ones that the key may change.

    Args:
        before: all there were.
        sent: what the key sends.
        limit: of the key; None: it is for all units.

    Raises:
        UnknownUnit: one is of a unit that the key is not for, or of all of them.
    """
    if limit is None:
        return tuple(sent)
    if any(not limit.admits(one.unit) for one in sent):
        raise UnknownUnit("unit")
    return (*(one for one in before if not limit.admits(one.unit)), *sent)


def visible(budgets: Iterable[ListBudget], limit: UnitLimit | None) -> list[ListBudget]:
    """The budgets that a key may see: of its units, and those of every unit without its own."""
    return [one for one in budgets if limit is None or not one.unit or limit.admits(one.unit)]
