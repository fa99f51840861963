"""Each query of the repositories goes by an index, as the server's own plan tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from database.driver.client import open_registry
from database.driver.commands import CountBy, Find
from database.indexes import INDEXES, ensure_indexes
from database.predictions import PredictionRepository
from tests.database.plans.arguments import AT
from tests.database.plans.asked import Query, commands_of, every_query, shape_of
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
    used = {
        (QUERIES[shape].command.collection, but_for_the_key(plan.fields))
        for shape, plan in plans.items()
    }
    declared = {
        (one.collection, but_for_the_key([name for name, _ in one.keys])) for one in INDEXES
    }

    assert declared - used == set(), "no query goes by them; each costs time at every write"


def goes_by_an_index(query: Query, plan: Plan) -> bool:
    """Whether a query costs as much as what it finds, and not as much as there is."""
    command = query.command
    if command.collection in SMALL or plan.nothing:
        return True
    if plan.fields:
        return not plan.sorts or bool(command.where)
    return not command.where and not (isinstance(command, Find) and command.sort)


def but_for_the_key(fields: Sequence[str]) -> tuple[str, ...]:
    """An index's fields without `_id` at its end, which the embedded server leaves out."""
    return tuple(name for name in fields if name != "_id" or len(fields) == 1)


def test_the_order_of_the_newest_is_that_of_an_index_with_the_key_in_it() -> None:
    """MongoDB sorts all it reads for a page where an index has not the whole of the order."""
    declared = {(one.collection, tuple(one.keys)) for one in INDEXES}
    pages = {
        (query.command.collection, tuple(query.command.sort))
        for query in QUERIES.values()
        if isinstance(query.command, Find)
        and [name for name, _ in query.command.sort][1:] == ["_id"]
        and not query.command.where
        and shape_of(query.command) not in WITHOUT
        and query.command.collection not in SMALL
    }

    assert pages - declared == set()
    log = ("predictions", (("created_at", -1), ("_id", -1)))
    assert log in declared
    assert [find.sort for find in log_finds()] == [[(name, -way) for name, way in log[1]]]


def log_finds() -> list[Find]:
    """What is asked for the predictions that follow one in the log."""
    op = PredictionRepository().logged_after(AT, "", until=AT, limit=1)
    return [command for command in commands_of(op) if isinstance(command, Find)]


def test_labels_beyond_a_window_are_counted_in_the_index_alone(plans: Mapping[str, Plan]) -> None:
    (asked,) = [shape for shape, query in QUERIES.items() if isinstance(query.command, CountBy)]

    plan = plans[asked]

    assert asked.startswith("labels count by first_arrived_at $lte")
    assert plan.fields == ("first_arrived_at", "period", "student_id")
    assert (plan.sorts, plan.fetches) == (False, False)


def test_every_method_is_run_to_see_what_it_asks() -> None:
    assert LEFT == {}, "make up what they take, in tests/database/plans/arguments.py"


def test_every_excuse_is_still_needed() -> None:
    assert WITHOUT.keys() - QUERIES.keys() == set()
    assert SMALL.keys() - {query.command.collection for query in QUERIES.values()} == set()
