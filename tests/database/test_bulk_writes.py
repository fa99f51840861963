"""Bulk writes of the embedded server end as the library's own would, in one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nx_27017.handler import NeoSQLiteHandler
from pymongo import MongoClient, ReplaceOne
from pymongo.errors import BulkWriteError

from database.embedded.bulk_writes import _committed, write_in_bulk
from database.embedded.stored_text import DEEPEST, NotPlain, text_of
from tests.disks import fill, small_disk

Documents = dict[str, Any]
AT = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def client(embedded_uri: str, db: str) -> Iterator[MongoClient[Documents]]:
    with MongoClient[Documents](embedded_uri, tz_aware=True) as opened:
        yield opened
        opened.drop_database(db)


def insert(collection: str, *documents: Documents) -> Documents:
    sections = [("body", {"insert": collection, "$db": "school"}), ("payload_docs", [*documents])]
    return {"request_id": 1, "sections": sections, "_conn_id": "one"}


def rows(path: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(path) as db:
        return db.execute("SELECT _id, data FROM students ORDER BY _id").fetchall()


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("odd", [{}, {"bytes": b"\0\xff"}, {"none": None}])
def test_what_is_stored_is_what_the_library_stores(
    client: MongoClient[Documents],
    embedded_home: Path,
    db: str,
    tmp_path: Path,
    number: int,
    odd: Documents,
) -> None:
    documents: list[Documents] = [
        {
            "_id": f"Ágata {n}", "at": AT, "nested": {"a": [1, 2.5, 1e22, {"b": "ü\n\x1f"}]},
            "large": 2**40, "said": 'NaN "quoted"', **odd,
        }
        for n in range(number)
    ]  # fmt: skip
    client[db].students.insert_one({"_id": "the table"})
    plain = NeoSQLiteHandler(data_dir=str(tmp_path))
    plain.handle_insert(insert("students", {"_id": "the table"}))

    client[db].students.insert_many(documents)
    naive = AT.replace(tzinfo=None)  # As the documents of the wire have it.
    plain.handle_insert(insert("students", *({**one, "at": naive} for one in documents)))
    plain.close_all()

    assert list(client[db].students.find({"_id": {"$ne": "the table"}})) == documents
    stored = rows(embedded_home / "registry" / f"{db}.db"), rows(tmp_path / "school.db")
    assert len(stored[0]) == number + 1
    assert all(
        (key, json.loads(text)) == (other, json.loads(same))
        for (key, text), (other, same) in zip(*stored, strict=True)
    )


def test_what_is_no_json_is_refused_and_the_rest_of_the_message_is_kept(
    client: MongoClient[Documents], db: str
) -> None:
    client[db].students.insert_one({"_id": "known"})
    told: list[Documents] = [
        {"_id": "a", "x": None}, {"_id": "b", "x": float("nan")}, {"_id": "known"}, {"_id": "c"},
    ]  # fmt: skip

    with pytest.raises(BulkWriteError) as refused:
        client[db].students.insert_many(told, ordered=False)

    codes = {error["index"]: error["code"] for error in refused.value.details["writeErrors"]}
    assert codes == {1: 8, 2: 11000}
    assert {row["_id"] for row in client[db].students.find()} == {"a", "c", "known"}


def test_replacements_of_one_message_are_each_compared_with_what_is_stored(
    client: MongoClient[Documents], db: str
) -> None:
    client[db].students.insert_many([{"_id": n, "revision": 1} for n in ("a", "b")])
    swap = [
        ReplaceOne({"_id": "a", "revision": 1}, {"_id": "a", "revision": 2}),
        ReplaceOne({"_id": "a", "revision": 1}, {"_id": "a", "revision": 9}),
        ReplaceOne({"_id": "b", "revision": 1}, {"_id": "b", "revision": 2}),
    ]

    done = client[db].students.bulk_write(swap, ordered=False)

    assert done.matched_count == 2
    assert {row["revision"] for row in client[db].students.find()} == {2}


def test_a_message_is_committed_once(tmp_path: Path) -> None:
    handler = NeoSQLiteHandler(data_dir=str(tmp_path))
    write_in_bulk(handler)
    handler.handle_insert(insert("students", {"_id": "the table"}))
    said: list[str] = []
    handler.get_database("school").db.set_trace_callback(said.append)

    handler.handle_insert(insert("students", {"_id": "a"}, {"_id": "b"}))
    handler.handle_insert(insert("students", {"_id": "c"}))

    handler.close_all()
    assert [one for one in said if one in ("BEGIN", "COMMIT")] == ["BEGIN", "COMMIT"] * 2
    assert [row[0] for row in rows(tmp_path / "school.db")] == ["a", "b", "c", "the table"]


@pytest.mark.parametrize("ends", ["ROLLBACK", ""])
def test_a_message_that_fails_half_way_leaves_nothing_and_is_not_acknowledged(
    tmp_path: Path, ends: str
) -> None:
    """An error that SQLite answers by giving the transaction up is no refusal of one document."""
    handler = NeoSQLiteHandler(data_dir=str(tmp_path))
    handler.handle_insert(insert("students", {"_id": "the table"}))
    opened = handler.get_database("school")

    def fails(_: Documents) -> int:
        opened.db.execute("INSERT INTO students(data, _id) VALUES ('{}', 'a')")
        if ends:
            opened.db.execute(ends)
            raise sqlite3.OperationalError("database or disk is full")
        raise KeyboardInterrupt

    with pytest.raises((sqlite3.OperationalError, KeyboardInterrupt)):
        _committed(opened.db, [{}, {}], fails, ordered=False)

    assert not opened.db.in_transaction
    handler.close_all()
    assert [row[0] for row in rows(tmp_path / "school.db")] == ["the table"]


def test_on_a_full_disk_no_document_that_is_missing_was_acknowledged(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        handler = NeoSQLiteHandler(data_dir=str(disk))
        write_in_bulk(handler)
        handler.handle_insert(insert("students", {"_id": "the table"}))
        fill(disk)
        large = [{"_id": f"{n:02}", "text": "x" * 100_000} for n in range(40)]

        kept: set[str] = set()
        try:
            _, answer = handler.handle_insert(insert("students", *large))
        except sqlite3.OperationalError:
            pass
        else:
            refused = {error["index"] for error in answer.get("writeErrors", ())}
            kept = {one["_id"] for n, one in enumerate(large) if n not in refused}
            assert kept < {one["_id"] for one in large}
        (disk / "filler").unlink()
        handler.close_all()

        assert kept <= {row[0] for row in rows(disk / "school.db")}


def test_a_long_list_of_documents_is_stored_as_it_came_and_a_deep_one_is_the_librarys() -> None:
    """A note of what is owed for a thousand outcomes has as many short lists in it."""
    owed = {"_id": "note", "subjects": [{"%list": [f"RA-{n}", "2023"]} for n in range(1_000)]}
    deep: Documents = {"_id": "deep"}
    for _ in range(DEEPEST):
        deep = {"_id": "deep", "within": [deep]}

    assert json.loads(text_of(owed)) == owed
    with pytest.raises(NotPlain):
        text_of(deep)


def test_one_that_is_there_already_is_told_and_the_others_of_its_message_are_kept(
    client: MongoClient[Documents], db: str
) -> None:
    client[db].students.insert_many([{"_id": "b", "revision": 1}, {"_id": "d", "revision": 1}])

    with pytest.raises(BulkWriteError) as refused:
        client[db].students.insert_many([{"_id": one} for one in "abcd"], ordered=False)
    replaced = client[db].students.bulk_write(
        [ReplaceOne({"_id": one, "revision": 1}, {"_id": one, "revision": 2}) for one in "abd"]
    )

    assert [one["index"] for one in (refused.value.details or {})["writeErrors"]] == [1, 3]
    assert replaced.matched_count == 2
    assert {one["_id"]: one.get("revision") for one in client[db].students.find()} == {
        "a": None, "b": 2, "c": None, "d": 2,
    }  # fmt: skip
