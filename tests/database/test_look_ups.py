"""Look-ups of the embedded server find what the library finds, and read no whole collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import decode, encode
from bson.raw_bson import RawBSONDocument
from neosqlite._sqlite import sqlite3
from nx_27017.handler import NeoSQLiteHandler

from database.embedded.conditions import matching, ordered
from database.embedded.counts import count_query, count_quickly
from database.embedded.deletions import delete_by_indexes
from database.embedded.encoded_answers import encode_once
from database.embedded.index_keys import leave_keys_out
from database.embedded.look_ups import answer_look_ups
from database.embedded.plans import reads_documents
from database.embedded.stored_text import NotPlain

Documents = dict[str, Any]
AT = datetime(2024, 1, 1, microsecond=999_000, tzinfo=UTC).replace(tzinfo=None)
"""As the documents of the wire have it."""

STORED: list[Documents] = [
    {
        "_id": f"Ágata {n}", "key": f"k{n % 3}", "unit": "" if n % 2 else "escola ü",
        "revision": n % 2, "number": n, "open": n % 2 == 0,
        "at": AT + timedelta(seconds=n), "period": "2024-01-01", "none": None,
        "nested": {"at": AT, "list": [1, 2.5, {"at": AT}, "x"]},
    }
    for n in range(6)
] + [
    {"_id": "bytes", "key": "k1", "bytes": b"\0\xff"},
    {"_id": "\0", "key": "\0", "revision": 0},
    {"_id": "number", "key": 1},
    {"_id": "a date of its own", "key": "k1", "odd": {"$date": 1_700_000_000_000}},
]  # fmt: skip
FOUND_IN_BOTH: list[Documents] = [
    {"filter": {"_id": "Ágata 1"}},
    {"filter": {"_id": {"$in": ["Ágata 2", "Ágata 1", "Ágata 1", "none"]}}},
    {"filter": {"_id": {"$in": []}}},
    {"filter": {"_id": {"$in": ["\0"]}}},
    {"filter": {"key": "k1"}},
    {"filter": {"key": "\0"}},
    {"filter": {"key": {"$in": ["k0", "k1", "1"]}}},
    {"filter": {"key": {"$in": [1, None]}}},
    {"filter": {"key": {"$in": ["k2"]}, "unit": "escola ü"}},
    {"filter": {"key": {"$in": ["k0", "k1"]}, "period": {"$in": ["2024-01-01"]}}},
    {"filter": {"_id": {"$in": ["Ágata 0", "Ágata 1", "number"]}, "revision": {"$ne": 1}}},
    {"filter": {}},
    {"filter": {}, "projection": {"_id": 1}, "limit": 2},
    {"filter": {"key": "k1"}, "projection": {"at": 1, "nested": 1}},
    {"filter": {"key": "k1"}, "projection": {"at": 0}},
    {"filter": {"key": "k1"}, "sort": {"_id": -1}},
    {"filter": {"at": {"$lte": AT + timedelta(seconds=3)}, "key": {"$in": ["k0"]}}},
    {"filter": {"at": {"$gte": AT + timedelta(seconds=2), "$lt": AT + timedelta(seconds=4)}}},
    {"filter": {"_id": {"$gt": "bytes"}}, "sort": {"_id": 1}, "limit": 3},
    {"filter": {"_id": {"$gte": "a", "$lt": "c"}}},
    {"filter": {"key": {"$gt": "k0", "$lte": "k1"}}},
    {"filter": {"number": 1}},
    {"filter": {"number": {"$gt": 0, "$lt": 2**40}}, "sort": {"number": -1}},
    {"filter": {"number": {"$gte": 1}, "key": "k2"}},
    {"filter": {"open": True}},
    {"filter": {"open": False}},
    {"filter": {"open": True, "number": 2}, "sort": {"at": -1}, "limit": 2},
    {"filter": {"key": "k1", "period": "2024-01-01", "revision": 1}},
    {"filter": {"key": "k1", "at": AT + timedelta(seconds=1)}},
    {"filter": {"period": "2024-01-01"}, "sort": {"at": -1}, "limit": 2},
    {"filter": {"period": "2024-01-01"}, "sort": {"at": -1, "_id": 1}, "limit": 2, "skip": 1},
    {"filter": {}, "sort": {"period": 1, "_id": -1}},
    {"filter": {}, "sort": {"at": -1, "_id": 1}, "skip": 2, "limit": 3},
    {"filter": {"key": "k1"}, "sort": {"at": 1, "_id": 1}, "skip": 1},
    {"filter": {}, "sort": {"nested.at": 1, "_id": 1}},
    {"filter": {}, "sort": {"_id": 1}, "skip": 3, "projection": {"at": 1}},
    {
        "filter": {"at": {"$lte": AT + timedelta(seconds=4)}},
        "sort": {"unit": -1, "at": -1, "_id": -1}, "limit": -3,
    },
]  # fmt: skip
AS_TEXT = pytest.mark.skipif(
    sqlite3.sqlite_version_info >= (3, 45), reason="from 3.45 on the library compares moments"
)
GROUP = {"_id": 1, "n": {"$sum": 1}}
COUNTED_ALIKE: list[Documents] = [
    *({"$match": one["filter"]} for one in FOUND_IN_BOTH if one["filter"] != {"key": "\0"}),
    {"$match": {"none": None}},
    {"$match": {"nested.list": {"$exists": True}}},
    {"$match": {"nested.at": {"$exists": False}}},
    {"$match": {"nested.list.at": {"$exists": True}}},
    {"$match": {"none": {"$exists": True}}},
    {"$match": {"no-ne": {"$exists": False}, "key": "k1"}},
]


def message(body: Documents) -> Documents:
    return {"request_id": 7, "sections": [("body", {**body, "$db": "school"})], "_conn_id": "one"}


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[NeoSQLiteHandler]:
    handler = NeoSQLiteHandler(data_dir=str(tmp_path / "plain"))
    encode_once(handler)
    yield filled(handler)
    handler.close_all()


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[NeoSQLiteHandler]:
    handler = NeoSQLiteHandler(data_dir=str(tmp_path / "quick"))
    encode_once(handler)
    answer_look_ups(handler)
    count_quickly(handler)
    yield filled(handler)
    handler.close_all()


def filled(handler: NeoSQLiteHandler) -> NeoSQLiteHandler:
    for one in STORED:
        handler.handle_insert(message({"insert": "students", "documents": [one]}))
    indexes = [
        {"key": {"key": 1}, "name": "key_1"},
        {"key": {"unit": 1, "period": 1}, "name": "unit_1_period_1"},
        {"key": {"at": 1}, "name": "at_1"},
        {"key": {"number": 1}, "name": "number_1"},
        {"key": {"open": 1}, "name": "open_1"},
    ]
    handler.handle_command(message({"createIndexes": "students", "indexes": indexes}))
    return handler


def documents(handler: NeoSQLiteHandler, body: Documents) -> list[Documents]:
    _, answer = handler.handle_command(message({"find": "students", **body}))
    assert answer["cursor"]["id"] == 0
    batch = answer["cursor"]["firstBatch"]
    return [decode(one.raw if isinstance(one, RawBSONDocument) else encode(one)) for one in batch]


@pytest.mark.parametrize("body", FOUND_IN_BOTH, ids=str)
def test_what_is_found_is_what_the_library_finds(
    plain: NeoSQLiteHandler, quick: NeoSQLiteHandler, body: Documents
) -> None:
    expected = documents(plain, body)

    found = documents(quick, body)

    key = (lambda _: 0) if "sort" in body else (lambda one: one["_id"])
    assert sorted(found, key=key) == sorted(expected, key=key)


@pytest.mark.parametrize("match", COUNTED_ALIKE, ids=str)
def test_what_is_counted_is_what_the_library_counts(
    plain: NeoSQLiteHandler, quick: NeoSQLiteHandler, match: Documents
) -> None:
    asked = {"aggregate": "students", "pipeline": [match, {"$group": GROUP}]}

    counted = [handler.handle_command(message(asked))[1]["cursor"] for handler in (plain, quick)]

    batches = [
        [decode(one.raw if isinstance(one, RawBSONDocument) else encode(one)) for one in batch]
        for batch in (cursor["firstBatch"] for cursor in counted)
    ]
    assert batches[1] == batches[0]


COUNTED_BY: list[tuple[str, Documents, Documents, int]] = [
    ("period", {}, {"at": -1}, 0),
    ("key", {"key": {"$gt": "k"}}, {"at": -1, "_id": 1}, 2),
    ("unit", {"at": {"$lte": AT + timedelta(seconds=3)}}, {"at": -1, "number": -1}, 1),
    ("unit", {"key": "k1"}, {"key": 1, "_id": -1}, 1),
    ("key", {}, {"at": 1}, 99),
]


def by_field(field: str, where: Documents, sort: Documents, skip: int) -> list[Documents]:
    group = {"_id": f"${field}", "n": {"$sum": 1}}
    return [{"$match": where}, {"$sort": sort}, {"$skip": skip}, {"$group": group}]


@pytest.mark.parametrize("prefix", [pytest.param("json", marks=AS_TEXT), "jsonb"])
@pytest.mark.parametrize("asked", COUNTED_BY, ids=str)
def test_what_is_counted_by_a_field_is_what_the_library_finds(
    plain: NeoSQLiteHandler,
    quick: NeoSQLiteHandler,
    asked: tuple[str, Documents, Documents, int],
    prefix: str,
) -> None:
    field, where, sort, skip = asked
    found = documents(plain, {"filter": where, "sort": sort, "skip": skip})
    engine = quick.get_database("school")["students"].query_engine
    engine.jsonb = replace(engine.jsonb, json_function_prefix=prefix)

    command = {"aggregate": "students", "pipeline": by_field(*asked)}
    answer = quick.handle_command(message(command))[1]["cursor"]["firstBatch"]

    counted = {one["_id"]: one["n"] for one in answer}
    assert counted == Counter(one.get(field) for one in found)


@AS_TEXT
def test_a_count_by_a_field_of_an_index_reads_no_document(quick: NeoSQLiteHandler) -> None:
    opened = quick.get_database("school")
    walk = {"unit": 1, "period": 1}

    within, beside = (
        count_query(opened, "students", by_field(field, {}, walk, 1)) for field in ("period", "key")
    )

    assert not reads_documents(opened.db.execute(f"EXPLAIN {within[0]}", within[1]).fetchall())
    assert reads_documents(opened.db.execute(f"EXPLAIN {beside[0]}", beside[1]).fetchall())


def test_an_index_is_made_without_the_key_at_its_end_and_is_the_one_of_before(
    quick: NeoSQLiteHandler,
) -> None:
    leave_keys_out(quick)
    db = quick.get_database("school").db
    before = db.execute("SELECT name FROM sqlite_master").fetchall()
    index = {"key": {"at": -1, "_id": -1}, "name": "at_-1__id_-1"}

    _, answer = quick.handle_command(message({"createIndexes": "students", "indexes": [index]}))

    assert answer["ok"] == 1
    assert db.execute("SELECT name FROM sqlite_master").fetchall() == before


def test_a_collection_that_is_not_there_is_empty(quick: NeoSQLiteHandler) -> None:
    _, answer = quick.handle_command(message({"find": "none", "filter": {"_id": "a"}}))

    assert answer["cursor"] == {"id": 0, "ns": "school.none", "firstBatch": []}


def test_the_documents_of_a_list_of_values_are_looked_up_in_the_index(
    quick: NeoSQLiteHandler,
) -> None:
    db = quick.get_database("school").db
    said: list[str] = []
    db.set_trace_callback(said.append)

    documents(quick, {"filter": {"key": {"$in": ["k0", "k1"]}}})
    db.set_trace_callback(None)

    query = next(one for one in said if "FROM json_each" in one)
    plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}"))
    assert "idx_students_key" in plan
    assert "SCAN students" not in plan


@AS_TEXT
def test_what_is_sorted_is_read_in_the_order_of_the_index(quick: NeoSQLiteHandler) -> None:
    db = quick.get_database("school").db
    said: list[str] = []
    db.set_trace_callback(said.append)

    documents(quick, {"filter": {"at": {"$lte": AT}}, "sort": {"at": -1}})
    documents(quick, {"filter": {}, "sort": {"unit": -1, "period": -1}, "skip": 1, "limit": 2})
    db.set_trace_callback(None)

    queries = [one for one in said if "ORDER BY" in one]
    assert len(queries) == 2
    for query, index in zip(queries, ("idx_students_at", "idx_students_unit_period"), strict=True):
        plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}"))
        assert index in plan
        assert "TEMP B-TREE" not in plan


@AS_TEXT
def test_a_count_reads_no_document(quick: NeoSQLiteHandler) -> None:
    db = quick.get_database("school").db
    said: list[str] = []
    db.set_trace_callback(said.append)

    since = {"$match": {"at": {"$gte": AT}}}
    quick.handle_command(message({"aggregate": "students", "pipeline": [since, {"$group": GROUP}]}))
    db.set_trace_callback(None)

    (query,) = [one for one in said if one.startswith("SELECT 1, count")]
    plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}"))
    assert "idx_students_at" in plan


def test_where_moments_are_kept_as_bytes_the_library_compares_them(
    quick: NeoSQLiteHandler,
) -> None:
    opened = quick.get_database("school")
    engine = opened["students"].query_engine
    engine.jsonb = replace(engine.jsonb, json_function_prefix="jsonb")

    with pytest.raises(NotPlain):
        matching(opened, "students", {"at": {"$gte": AT}})
    with pytest.raises(NotPlain):
        ordered(opened, "students", {"at": 1})
    text, _ = matching(opened, "students", {"key": "k1"})

    assert text.endswith("WHERE jsonb_extract(data, '$.key') = ?")


@AS_TEXT
def test_a_part_of_a_second_counts_in_a_comparison(quick: NeoSQLiteHandler) -> None:
    since = {"at": {"$gt": AT.replace(microsecond=0), "$lt": AT + timedelta(seconds=1)}}

    found = documents(quick, {"filter": since})

    # The library compares whole seconds where one of two moments has no fraction.
    assert [one["_id"] for one in found] == ["Ágata 0"]


def test_a_text_is_compared_with_texts_alone_as_in_mongodb(quick: NeoSQLiteHandler) -> None:
    assert documents(quick, {"filter": {"at": {"$gt": "2024"}}}) == []


@AS_TEXT
def test_the_newest_few_are_read_by_their_index_whatever_else_is_asked(
    quick: NeoSQLiteHandler,
) -> None:
    db = quick.get_database("school").db
    said: list[str] = []
    db.set_trace_callback(said.append)

    documents(quick, {"filter": {}, "sort": {"at": -1, "_id": 1}, "limit": 1})
    documents(quick, {"filter": {"period": "2024-01-01"}, "sort": {"at": -1}, "limit": 1})
    db.set_trace_callback(None)

    queries = [one for one in said if "ORDER BY" in one]
    assert len(queries) == 2
    for query in queries:
        plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}"))
        assert "idx_students_at" in plan
        assert "FOR ORDER BY" not in plan


DELETED: list[Documents] = [
    {"key": "k1"},
    {"_id": "\u00c1gata 1"},
    {"key": {"$in": ["k0", "k2"]}},
    {"at": {"$lt": AT + timedelta(seconds=3)}},
    {"at": {"$lt": AT + timedelta(seconds=3)}, "open": True},
    {"key": "k1", "revision": {"$exists": False}},
    {"nested": {"$exists": True}},
]


@AS_TEXT
@pytest.mark.parametrize("where", DELETED, ids=str)
def test_what_is_deleted_is_what_the_library_deletes(
    plain: NeoSQLiteHandler, quick: NeoSQLiteHandler, where: Documents
) -> None:
    delete_by_indexes(quick)
    asked = {"delete": "students", "deletes": [{"q": where, "limit": 0}]}

    answers = [handler.handle_command(message(asked))[1] for handler in (plain, quick)]

    left = [{one["_id"] for one in documents(handler, {})} for handler in (plain, quick)]
    assert answers[1]["n"] == answers[0]["n"] > 0
    assert left[1] == left[0]


def test_a_deletion_of_one_of_several_is_the_librarys(quick: NeoSQLiteHandler) -> None:
    delete_by_indexes(quick)
    asked = {"delete": "students", "deletes": [{"q": {"key": "k1"}, "limit": 1}]}

    assert quick.handle_command(message(asked))[1]["n"] == 1
