"""Reported outcomes, append-only: the facts that labels are made from.

A report is never changed, and removed only when its student is erased or when it has waited for its
features longer than its task keeps it (`database.labelling.expiry`). Its key is made from what it
says, so reporting it again changes nothing.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from database.driver.commands import Document, Find, InsertMany, Op, Replace, ReplaceMany
from database.mapping import schema
from database.mapping.documents import milliseconds
from database.repository import Repository
from model.anonymous import anonymous
from model.labels.facts import Filed, Report


class OutcomeRepository(Repository[Filed]):
    """Reports by what they say; a label's key finds those that make it."""

    collection = "outcomes"
    indexes = (
        [("key", 1)],  # the join of labels
        [("student_id", 1)],  # erasure
        [("stated_student", 1)],  # erasure of outcomes whose prediction is not here yet
    )
    record = Filed
    order = (("arrived_at", -1), ("_id", 1))
    missing = "no such report"

    def add_many(self, filed: Sequence[Filed]) -> Op[set[str]]:
        """Keeps reports; gives the ids of those that were new.

        A report that is known keeps its first arrival, whichever of the two is written first.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        documents = {one["_id"]: one for one in map(self._document, reversed(filed))}
        rows = list(documents.values())
        known = yield InsertMany(self.collection, rows)
        # A repetition usually arrived later, and then there is nothing to replace.
        yield ReplaceMany(self.collection, [_if_earlier(rows[position]) for position in known])
        known_ids = {rows[position]["_id"] for position in known}
        return set(documents) - known_ids

    def of_keys(self, keys: Sequence[str]) -> Op[dict[str, list[tuple[str, Report]]]]:
        """The reports under these label keys, each with its id.

        Raises:
            RegistryError: a newer release wrote one of them.
        """
        found = yield Find(self.collection, {"key": {"$in": list(keys)}})
        by_key: dict[str, list[tuple[str, Report]]] = defaultdict(list)
        for document in found:
            by_key[document["key"]].append((document["_id"], self.read(document).report))
        return by_key

    def count_of_keys(self, keys: Sequence[str]) -> Op[int]:
        """How many reports there are under these label keys; reads none.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._count({"key": {"$in": list(keys)}}))

    def of_predictions(self, prediction_ids: Iterable[str]) -> Op[list[Filed]]:
        """The reports that wait for one of these predictions.

        Raises:
            RegistryError: a newer release wrote one of them.
        """
        keys = [label_key(anonymous(i), "") for i in prediction_ids]
        return (yield from self._matching({"key": {"$in": keys}}, sort=()))

    def stored_of_keys(self, keys: Iterable[str]) -> Op[dict[str, Document]]:
        """The documents of the reports under these label keys, by id.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._stored_by("key", keys))

    def put_back(self, documents: Sequence[Document]) -> Op[None]:
        """Keeps reports that were removed, as they were; one that is here stays as it is.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        if documents:
            yield InsertMany(self.collection, documents)

    def remove_ids(self, ids: Sequence[str]) -> Op[None]:
        """Removes the reports of these ids.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        if ids:
            yield from self._delete({"_id": {"$in": list(ids)}})

    def remove(self, filed: Sequence[Filed]) -> Op[None]:
        """Removes reports that are kept under a better key by now.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._delete({"_id": {"$in": [outcome_id(one) for one in filed]}})

    def read(self, document: Document) -> Filed:
        """The report of a document.

        Raises:
            RegistryError: a newer release wrote it.
        """
        return _filed(schema.forward(document, schema.STEPS.get(Filed.__name__, ())))

    def _document(self, record: Filed) -> Document:
        document: Document = {
            "_id": outcome_id(record),
            "key": label_key(record.student_id, record.period),
            "student_id": record.student_id,
            "period": record.period,
            "value": record.report.value,
            "observed_at": milliseconds(record.report.observed_at),
            "arrived_at": milliseconds(record.report.arrived_at),
            schema.FIELD: schema.current(Filed.__name__),
        }
        if record.report.source is not None:
            document["source"] = record.report.source
        if record.prediction_id is not None:
            document["prediction_id"] = record.prediction_id
        optional: Document = {
            "position": record.report.position,
            "stated_student": record.stated_student,
            "stated_period": record.stated_period,
            "after_horizon": record.after_horizon,
            "unit": record.report.unit,
        }
        document |= {name: value for name, value in optional.items() if value}
        if record.report.horizon is not None:
            document["horizon"] = record.report.horizon
        return document


def label_key(student_id: str, period: str) -> str:
    """The key of what is labelled; a period has no colon, so no two are the same.

    >>> label_key("RA-1", "2023")
    '2023:RA-1'
    """
    return f"{period}:{student_id}"


def orphan_key(student_id: str, period: str, unit: str) -> str:
    """The key of what waits for its features within a unit; neither text has a control character.

    >>> orphan_key("RA-1", "2023", ""), orphan_key("RA-1", "2023", "escola a")
    ('2023:RA-1', '2023:RA-1\\x1fescola a')
    """
    return label_key(student_id, period) + (f"\x1f{unit}" if unit else "")


def outcome_id(filed: Filed) -> str:
    """The key of a report: what it is about, what it says, and when that was observed.

    Reports whose sender told no moment were observed as they arrived. Sent singly each has a moment
    of its own; in one call their place in it tells them apart. What two units say is two reports.
    """
    report = filed.report
    moment = milliseconds(report.observed_at)
    text = (
        f"{label_key(filed.student_id, filed.period)}\x1f{report.value!r}\x1f{moment.isoformat()}"
    )
    if report.position and moment == milliseconds(report.arrived_at):
        text += f"\x1f{report.position}"
    if report.unit:
        text += f"\x1f@{report.unit}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _if_earlier(document: Document) -> Replace:
    where = {"_id": document["_id"], "arrived_at": {"$gt": document["arrived_at"]}}
    return Replace(where, document)


def _filed(document: Mapping[str, Any]) -> Filed:
    return Filed(
        student_id=document["student_id"],
        period=document["period"],
        report=Report(
            value=float(document["value"]),
            observed_at=document["observed_at"],
            arrived_at=document["arrived_at"],
            source=document.get("source"),
            position=document.get("position", 0),
            horizon=document.get("horizon"),
            unit=document.get("unit", ""),
        ),
        prediction_id=document.get("prediction_id"),
        stated_student=document.get("stated_student"),
        stated_period=document.get("stated_period"),
        after_horizon=document.get("after_horizon", False),
    )
