"""Each query of the repositories goes by an index, as the server's own plan tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from database.driver.client import open_registry
from database.driver.commands import Find
from database.indexes import INDEXES, ensure_indexes
from tests.database.plans.asked import Query, every_query
from tests.database.plans.explained import Plan, explain

QUERIES, LEFT = every_query()

SMALL: Mapping[str, str] = {
    "ageing": "one",
    "aliases": "two",
    "api_keys": "one a key",
    "effect_reports": "one",
    "key_adoptions": "one",
    "key_revocations": "one a key that was revoked",
    "key_uses": "one a key",
    "list_budgets": "one",
    "outcome_coverage": "one",
    "people": "one a person who signs in",
    "performance": "one",
    "unit_history": "one",
    "unnamed_artifacts": "removed with the artifact, or once a version names it",
}
"""Collections of which all is read at once anyway, with what keeps them small."""

WITHOUT: Mapping[str, str] = {
    "kept_files find digest": "one a school file; asked when a student's rows are taken out of one",
    "labels find withdrawn $exists": "counts every label by unit, once a day",
    "listed_rows find order unit, lane, rank, _id": "inherited; nobody asks it here",
    "orphan_labels find arrived_at $lte": "the repair pass tries every outcome that waits",
    "orphan_labels find order -arrived_at, _id": "inherited; nobody asks it here",
    "outcomes find order -arrived_at, _id": "inherited; nobody asks it here",
    "pending_joins delete noted_at $lte": "notes of what is being done; they are removed at once",
    "students count periods.2023 $exists": "counts every student of a year, once a drift check",
}
"""Queries that look at every document of a collection that grows, and why that is right."""


@pytest.fixture(
    scope="module", params=["embedded", pytest.param("mongodb", marks=pytest.mark.servers)]
)
def plans(request: pytest.FixtureRequest) -> Iterator[Mapping[str, Plan]]:
    """The plan of every query on an empty registry with all indexes."""
    uri = request.getfixturevalue(f"{request.param}_uri")
    name = "plans_of_queries"
    with MongoClient[dict[str, Any]](uri, tz_aware=True) as client:
        with open_registry(uri, name) as registry:
            registry.run(ensure_indexes())
        db: Database[dict[str, Any]] = client[name]
        yield {shape: explain(db, query.command) for shape, query in QUERIES.items()}
        client.drop_database(name)


def test_every_query_goes_by_an_index_or_says_why_not(plans: Mapping[str, Plan]) -> None:
    without = {
        shape: f"{plan} asked by {', '.join(sorted(set(QUERIES[shape].by))[:4])}"
        for shape, plan in plans.items()
        if not goes_by_an_index(QUERIES[shape], plan)
    }

    assert without.keys() - WITHOUT.keys() == set(), (
        "declare an index in the repository, or say in WITHOUT why all documents are looked at: "
        + "\n".join(f"{shape}: {without[shape]}" for shape in sorted(without))
    )


def test_every_declared_index_is_used_by_a_query(plans: Mapping[str, Plan]) -> None:
    used = {(QUERIES[shape].command.collection, plan.fields) for shape, plan in plans.items()}
    declared = {(one.collection, tuple(name for name, _ in one.keys)) for one in INDEXES}

    assert declared - used == set(), "no query goes by them; each costs time at every write"


def goes_by_an_index(query: Query, plan: Plan) -> bool:
    """Whether a query costs as much as what it finds, and not as much as there is."""
    command = query.command
    if command.collection in SMALL or plan.nothing or sorts_ties_alone(query, plan):
        return True
    if plan.fields:
        return not plan.sorts or bool(command.where)
    return not command.where and not (isinstance(command, Find) and command.sort)


def sorts_ties_alone(query: Query, plan: Plan) -> bool:
    """Whether an index has the order but for the key that decides between equals.

    SQLite sorts the equal ones as it walks the index. MongoDB reads and sorts all: it would need
    an index that holds `_id` too, which the embedded server refuses (docs/registry.md).
    """
    command = query.command
    if not (plan.sorts and isinstance(command, Find)):
        return False
    *order, last = [name for name, _ in command.sort]
    declared = {(one.collection, tuple(name for name, _ in one.keys)) for one in INDEXES}
    return last == "_id" and (command.collection, tuple(order)) in declared


def test_every_method_is_run_to_see_what_it_asks() -> None:
    assert LEFT == {}, "make up what they take, in tests/database/plans/arguments.py"


def test_every_excuse_is_still_needed() -> None:
    assert WITHOUT.keys() - QUERIES.keys() == set()
    assert SMALL.keys() - {query.command.collection for query in QUERIES.values()} == set()
