"""Reported outcomes, append-only: the facts that labels are made from.

A report is never changed and never removed, except when its student is erased. Its key is made
from what it says, so reporting it again changes nothing.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

from database.driver.commands import (
    DeleteMany,
    Document,
    Find,
    InsertMany,
    Op,
    Replace,
    ReplaceMany,
)
from database.mapping import schema
from database.mapping.documents import milliseconds
from model.anonymous import anonymous
from model.label_join import Filed, Report

COLLECTION = "outcomes"
RECORD = "Filed"


def label_key(student_id: str, period: str) -> str:
    """The key of what is labelled; a period has no colon, so no two are the same.

    >>> label_key("RA-1", "2023")
    '2023:RA-1'
    """
    return f"{period}:{student_id}"


def outcome_id(filed: Filed) -> str:
    """The key of a report: what it is about, what it says, and when that was observed.

    Reports whose sender told no moment were observed as they arrived. Sent singly each has a moment
    of its own; in one call their place in it tells them apart.
    """
    report = filed.report
    moment = milliseconds(report.observed_at)
    text = (
        f"{label_key(filed.student_id, filed.period)}\x1f{report.value!r}\x1f{moment.isoformat()}"
    )
    if report.position and moment == milliseconds(report.arrived_at):
        text += f"\x1f{report.position}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def add_many(filed: Sequence[Filed]) -> Op[set[str]]:
    """Keeps reports; gives the ids of those that were new.

    A report that is known keeps its first arrival, whichever of the two is written first.
    """
    documents = {outcome_id(one): _document(one) for one in reversed(filed)}
    rows = list(documents.values())
    known = yield InsertMany(COLLECTION, rows)
    # A repetition usually arrived later, and then there is nothing to replace.
    yield ReplaceMany(COLLECTION, [_if_earlier(rows[position]) for position in known])
    known_ids = {rows[position]["_id"] for position in known}
    return set(documents) - known_ids


def of_keys(keys: Sequence[str]) -> Op[dict[str, list[tuple[str, Report]]]]:
    """The reports under these label keys, each with its id."""
    found = yield from _found({"key": {"$in": list(keys)}})
    by_key: dict[str, list[tuple[str, Report]]] = defaultdict(list)
    for document in found:
        by_key[document["key"]].append((document["_id"], _report(document)))
    return by_key


def of_predictions(prediction_ids: Iterable[str]) -> Op[list[Filed]]:
    """The reports that wait for one of these predictions."""
    where = {"key": {"$in": [label_key(anonymous(i), "") for i in prediction_ids]}}
    found = yield from _found(where)
    return [_filed(document) for document in found]


def remove(filed: Sequence[Filed]) -> Op[None]:
    """Removes reports that are kept under a better key by now."""
    yield DeleteMany(COLLECTION, {"_id": {"$in": [outcome_id(one) for one in filed]}})


def _found(where: Document) -> Op[list[Document]]:
    rows = yield Find(COLLECTION, where)
    return [dict(schema.forward(row, schema.STEPS.get(RECORD, ()))) for row in rows]


def _document(filed: Filed) -> Document:
    document: Document = {
        "_id": outcome_id(filed),
        "key": label_key(filed.student_id, filed.period),
        "student_id": filed.student_id,
        "period": filed.period,
        "value": filed.report.value,
        "observed_at": milliseconds(filed.report.observed_at),
        "arrived_at": milliseconds(filed.report.arrived_at),
        schema.FIELD: schema.current(RECORD),
    }
    if filed.report.source is not None:
        document["source"] = filed.report.source
    if filed.prediction_id is not None:
        document["prediction_id"] = filed.prediction_id
    optional: Document = {
        "position": filed.report.position,
        "stated_student": filed.stated_student,
        "stated_period": filed.stated_period,
        "after_horizon": filed.after_horizon,
    }
    document |= {name: value for name, value in optional.items() if value}
    if filed.report.horizon is not None:
        document["horizon"] = filed.report.horizon
    return document


def _if_earlier(document: Document) -> Replace:
    where = {"_id": document["_id"], "arrived_at": {"$gt": document["arrived_at"]}}
    return Replace(where, document)


def _report(document: Document) -> Report:
    return Report(
        value=float(document["value"]),
        observed_at=document["observed_at"],
        arrived_at=document["arrived_at"],
        source=document.get("source"),
        position=document.get("position", 0),
        horizon=document.get("horizon"),
    )


def _filed(document: Document) -> Filed:
    return Filed(
        student_id=document["student_id"],
        period=document["period"],
        report=_report(document),
        prediction_id=document.get("prediction_id"),
        stated_student=document.get("stated_student"),
        stated_period=document.get("stated_period"),
        after_horizon=document.get("after_horizon", False),
    )
