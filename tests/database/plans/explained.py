"""The plan of a query as the server itself tells it, MongoDB or the embedded one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo.database import Database

from database.driver.commands import Count, CountBy, DeleteMany, Find
from database.driver.execute import call
from tests.database.plans.asked import Asking

GROUP = {"$group": {"_id": 1, "n": {"$sum": 1}}}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a server does for a query.

    Attributes:
        fields: of the index that it goes by; empty where it looks at every document.
        sorts: whether it sorts what it finds, for no index has that order.
        nothing: there is nothing to be found, and it knows.
        fetches: whether it reads documents, and not the index alone.
    """

    fields: tuple[str, ...]
    sorts: bool
    nothing: bool
    fetches: bool


def explain(db: Database[dict[str, Any]], command: Asking) -> Plan:
    """Asks the server."""
    answer = db.command({"explain": _asked(command), "verbosity": "queryPlanner"})
    stages = list(_stages(_winning(answer)))
    patterns = [tuple(stage["keyPattern"]) for stage in stages if "keyPattern" in stage]
    names = {stage.get("stage") for stage in stages}
    by_key = bool(names & {"IDHACK", "EXPRESS_IXSCAN", "EXPRESS_DELETE", "CLUSTERED_IXSCAN"})
    fields = patterns[0] if patterns else ("_id",) if by_key else ()
    sorts, reads = bool(names & {"SORT", "SORT_SIMPLE"}), bool(names & {"FETCH", "COLLSCAN"})
    return Plan(fields, sorts, "EOF" in names, reads)


def _asked(command: Asking) -> dict[str, Any]:
    where = dict(command.where)
    match command:
        case Count():
            return {"aggregate": command.collection, "pipeline": [{"$match": where}, GROUP],
                    "cursor": {}}  # fmt: skip
        case CountBy():
            sent = call(command)
            assert sent is not None
            return {"aggregate": command.collection, "pipeline": sent.args[0], "cursor": {}}
        case DeleteMany():
            return {"delete": command.collection, "deletes": [{"q": where, "limit": 0}]}
        case Find():
            asked: dict[str, Any] = {"find": command.collection, "filter": where}
            asked |= {"sort": dict(command.sort)} if command.sort else {}
            asked |= {"limit": command.limit} if command.limit else {}
            asked |= {"skip": command.skip} if command.skip else {}
            return asked | ({"projection": dict.fromkeys(command.fields, 1)} if command.fields
                            else {})  # fmt: skip


def _winning(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The winning plan, which an aggregation may keep a stage deeper."""
    if "queryPlanner" in answer:
        plan: Mapping[str, Any] = answer["queryPlanner"]["winningPlan"]
        return plan
    return _winning(answer["stages"][0]["$cursor"])


def _stages(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every stage of a plan, the outermost first."""
    yield plan
    inner = [plan[name] for name in ("inputStage", "queryPlan") if name in plan]
    for one in [*inner, *plan.get("inputStages", ())]:
        yield from _stages(one)
