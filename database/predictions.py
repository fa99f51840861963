"""Served predictions: the unlabelled rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from database.driver.commands import Count, Document, Find, InsertMany, Op
from database.mapping import schema
from database.mapping.documents import escape_keys, from_document, milliseconds, to_document
from model.errors import NotFound
from model.prediction import Prediction

COLLECTION = "predictions"
KEY = "prediction_id"


def add_many(predictions: Sequence[Prediction]) -> Op[int]:
    """Adds predictions; gives how many were new. Adding one again changes nothing."""
    known = yield InsertMany(COLLECTION, [to_document(p, key=KEY) for p in predictions])
    return len(predictions) - len(known)


def add_json(bodies: Sequence[bytes]) -> Op[int]:
    """Adds predictions as `orjson.dumps` writes them; the same documents as `add_many`'s.

    A tenth of its work: an outbox is shipped from the event loop that also answers requests.
    """
    known = yield InsertMany(COLLECTION, [document_of(body) for body in bodies])
    return len(bodies) - len(known)


def document_of(body: bytes) -> Document:
    """The document of a prediction that `orjson.dumps` wrote."""
    raw = orjson.loads(body)
    document = {"_id": raw.pop(KEY)}
    document.update((name, value) for name, value in raw.items() if value is not None)
    document["features"] = escape_keys(raw["features"])
    document["created_at"] = milliseconds(datetime.fromisoformat(raw["created_at"]))
    document[schema.FIELD] = schema.current(Prediction.__name__)
    return document


def get(prediction_id: str) -> Op[Prediction]:
    """The prediction of that id.

    Raises:
        NotFound: no such prediction.
    """
    found = yield Find(COLLECTION, {"_id": prediction_id})
    if not found:
        raise NotFound(f"prediction {prediction_id}")
    return from_document(Prediction, found[0], key=KEY)


def recent(limit: int, since: datetime | None = None) -> Op[list[Prediction]]:
    """The predictions served last, newest first; `limit` 0 is all."""
    found = yield Find(
        COLLECTION, _since(since), sort=[("created_at", -1), ("_id", 1)], limit=limit
    )
    return [from_document(Prediction, document, key=KEY) for document in found]


def of_student(student_id: str, period: str) -> Op[list[Prediction]]:
    """A student's predictions of one period, newest first."""
    found = yield Find(
        COLLECTION,
        {"student_id": student_id, "period": period},
        sort=[("created_at", -1), ("_id", 1)],
    )
    return [from_document(Prediction, document, key=KEY) for document in found]


def count(since: datetime | None = None) -> Op[int]:
    """How many predictions were served, since that moment or ever."""
    number: int = yield Count(COLLECTION, _since(since))
    return number


def _since(since: datetime | None) -> dict[str, Any]:
    return {} if since is None else {"created_at": {"$gte": milliseconds(since)}}
