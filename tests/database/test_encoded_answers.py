"""What the embedded server answers is what it stored, whatever its types and however much it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import Decimal128, ObjectId, decode
from nx_27017.handler import NeoSQLiteHandler
from pymongo import MongoClient

from database.embedded.encoded_answers import encode_once
from database.embedded.look_ups import answer_look_ups
from database.embedded.stored_text import StoredAnswer

Documents = dict[str, Any]


@pytest.fixture
def client(embedded_uri: str, db: str) -> Iterator[MongoClient[Documents]]:
    with MongoClient[Documents](embedded_uri, tz_aware=True) as opened:
        yield opened
        opened.drop_database(db)


def test_a_document_comes_back_with_its_types(client: MongoClient[Documents], db: str) -> None:
    document: Documents = {
        "_id": "a", "at": datetime(2024, 1, 1, tzinfo=UTC), "bytes": b"\0\xff", "id": 0,
        "nested": {"list": [1, 2.5, None, True, {"text": "ü"}]}, "large": 2**40,
    }  # fmt: skip

    client[db].students.insert_one(document)

    assert client[db].students.find_one({"_id": "a"}) == document


def test_object_ids_come_back_as_such(client: MongoClient[Documents], db: str) -> None:
    document: Documents = {"_id": ObjectId(), "other": [ObjectId()]}
    client[db].students.insert_one(document)

    assert client[db].students.find_one({}) == document
    assert client[db].students.find_one({"_id": document["_id"]}) == document


def test_more_documents_than_one_answer_holds_come_in_their_order(
    client: MongoClient[Documents], db: str
) -> None:
    large = [{"_id": f"{n:03}", "text": "x" * 100_000} for n in range(250)]
    for first in range(0, len(large), 50):
        client[db].students.insert_many(large[first : first + 50])

    for size in (7, 1_000):
        assert list(client[db].students.find({}, batch_size=size).sort("_id", 1)) == large


def test_an_aggregate_comes_back(client: MongoClient[Documents], db: str) -> None:
    client[db].students.insert_many([{"_id": n, "value": len(n)} for n in ("a", "bb")])

    found = client[db].students.aggregate([{"$match": {"value": {"$gt": 1}}}])

    assert list(found) == [{"_id": "bb", "value": 2}]
    assert client[db].students.count_documents({}) == 2


def test_a_number_of_decimals_is_answered(client: MongoClient[Documents], db: str) -> None:
    client[db].students.insert_one({"_id": "a", "value": 1})

    added = {"$addFields": {"exact": {"$toDecimal": "$value"}}}
    (found,) = client[db].students.aggregate([added])

    assert found["exact"] in (Decimal128("1"), Decimal128("1.0"))


def test_of_a_long_list_only_what_is_sent_is_encoded(tmp_path: Path) -> None:
    handler = NeoSQLiteHandler(data_dir=str(tmp_path))
    encode_once(handler)
    answer_look_ups(handler)
    stored = [{"_id": f"{n}", "at": datetime(2024, 1, n + 1, tzinfo=UTC)} for n in range(5)]
    insert = {"insert": "students", "$db": "s", "documents": stored}
    sent: Documents = {"sections": [("body", insert)], "request_id": 1, "_conn_id": "one"}
    handler.handle_insert(sent)
    asked = {"find": "students", "filter": {}, "sort": {"_id": 1}, "batchSize": 2, "$db": "s"}

    _, answer = handler.handle_command({**sent, "sections": [("body", asked)]})

    (cursor,) = handler._cursors.values()
    assert [type(one) for one in cursor["docs"]] == [StoredAnswer] * 3
    more = {"getMore": answer["cursor"]["id"], "collection": "students", "batchSize": 9, "$db": "s"}
    _, rest = handler.handle_command({**sent, "sections": [("body", more)]})
    came = [*answer["cursor"]["firstBatch"], *rest["cursor"]["nextBatch"]]
    assert [decode(one.raw)["at"].day for one in came] == [1, 2, 3, 4, 5]
    handler.close_all()
