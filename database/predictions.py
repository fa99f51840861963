"""UnitServed predictions: the unlabelled rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson

from database.driver.commands import Document, Find, InsertMany, Op
from database.driver.paging import in_parts
from database.mapping import schema
from database.mapping.documents import escape_keys, milliseconds, unescape
from database.repository import Repository
from model.prediction import AskedFor, Prediction
from model.units.history import UnitServed
from model.watch.served import ServedScore

_BY_ID = [("_id", 1)]
"""In this order every server finds a place by its number without sorting."""


class PredictionRepository(Repository[Prediction]):
    """UnitServed predictions by id, which never change."""

    collection = "predictions"
    indexes = (
        [("created_at", -1)],  # newest, newest_ids, count
        [("student_id", 1), ("period", 1)],  # of_students, the join of labels, erasure
    )
    record = Prediction
    key = "prediction_id"
    order = (("created_at", -1), ("_id", -1))
    """Its reverse is that of the log (`logged_after`), so that one index has both."""
    missing = "prediction {}"

    def add_many(self, predictions: Sequence[Prediction]) -> Op[int]:
        """Adds predictions; gives how many were new. Adding one again changes nothing.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        known = yield InsertMany(self.collection, [self._document(p) for p in predictions])
        return len(predictions) - len(known)

    def add_json(self, bodies: Sequence[bytes]) -> Op[int]:
        """Adds predictions as `orjson.dumps` writes them; the same documents as `add_many`'s.

        A tenth of its work: an outbox is shipped from the event loop that also answers requests.

        Raises:
            ValueError: a body is no JSON.
        """
        known = yield InsertMany(self.collection, [document_of(body) for body in bodies])
        return len(bodies) - len(known)

    def newest(self, limit: int = 50, since: datetime | None = None) -> Op[list[Prediction]]:
        """The predictions served last, newest first; `limit` 0 is all.

        Raises:
            RegistryError: a prediction cannot be read.
        """
        return (yield from self._matching(_since(since), limit=limit))

    def logged_after(
        self, at: datetime, prediction_id: str, *, until: datetime, limit: int
    ) -> Op[list[Prediction]]:
        """The predictions that follow one in the log, oldest first.

        Args:
            at: when that one was served.
            prediction_id: its id; empty for none served at that very moment.
            until: the last moment that is read.
            limit: how many at most.

        Raises:
            RegistryError: a prediction cannot be read.
        """
        moment, found = milliseconds(at), []
        if prediction_id:
            # A batch is served at one moment, so the ids order what the time does not.
            same = {"created_at": moment, "_id": {"$gt": prediction_id}}
            found = yield from self._matching(same, sort=[("_id", 1)], limit=limit)
        if len(found) < limit:
            later = {"created_at": {"$gt": moment, "$lte": milliseconds(until)}}
            order = [("created_at", 1), ("_id", 1)]
            found += yield from self._matching(later, sort=order, limit=limit - len(found))
        return found

    def of_students(
        self, student_ids: Iterable[str], periods: Iterable[str]
    ) -> Op[list[Prediction]]:
        """The predictions of these students in these periods, in no order.

        Raises:
            RegistryError: a prediction cannot be read.
        """
        students, wanted = sorted(set(student_ids)), sorted(set(periods))
        where = {"student_id": {"$in": students}, "period": {"$in": wanted}}
        return (yield from self._matching(where, sort=()))

    def of_student(
        self,
        student_id: str,
        *,
        units: Collection[str] | None = None,
        skip: int = 0,
        limit: int,
    ) -> Op[list[Prediction]]:
        """A page of a student's predictions, newest first.

        Args:
            student_id: the key of the student.
            units: only those of these (folded) units; None is all.
            skip: how many are left out before the first.
            limit: how many at most.

        Raises:
            RegistryError: a prediction cannot be read.
        """
        where: dict[str, Any] = {"student_id": student_id}
        if units is not None:
            where["unit"] = {"$in": sorted(units)}
        # By number: pages begin with the newest, and few turn many of them.
        found = yield Find(self.collection, where, sort=self.order, skip=skip, limit=limit)
        return [self.read(document) for document in found]

    def askers_of(self, student_id: str, limit: int) -> Op[list[tuple[datetime, str]]]:
        """When predictions of a student were asked for, and by which key; the newest so many.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found = yield Find(
            self.collection,
            {"student_id": student_id},
            sort=[("created_at", -1)],
            limit=limit,
            fields=["created_at", "client"],
        )
        return [(row["created_at"], str(row.get("client", ""))) for row in found]

    def page_of_scores(self, *, skip: int, limit: int) -> Op[list[ServedScore]]:
        """What was served, newest first; after so many of the newest, at most so many.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        fields = ["created_at", "period", "risk_score", "model_version", "features"]
        # By number: pages begin with the newest, and few turn many of them.
        found = yield Find(
            self.collection, {}, sort=self.order, skip=skip, limit=limit, fields=fields
        )
        return [_served_score(row) for row in found]

    def by_id(self, *, skip: int, limit: int) -> Op[list[Prediction]]:
        """Predictions in the order of their ids; after so many of the first, at most so many.

        Raises:
            RegistryError: a prediction cannot be read.
        """
        found = yield Find(self.collection, {}, sort=_BY_ID, skip=skip, limit=limit)
        return [self.read(document) for document in found]

    def asked_by_id(self, *, skip: int, limit: int) -> Op[list[AskedFor]]:
        """Whom predictions were asked for, as `by_id`.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        fields = ["student_id", "period", "unit", "units"]
        found = yield Find(self.collection, {}, sort=_BY_ID, skip=skip, limit=limit, fields=fields)
        return [
            AskedFor(
                prediction_id=row["_id"],
                student_id=row.get("student_id"),
                period=row["period"],
                unit=row.get("unit", ""),
                units={unescape(name): unit for name, unit in row.get("units", {}).items()},
            )
            for row in found
        ]

    def students_of(self, period: str, limit: int) -> Op[list[str]]:
        """The students of the newest predictions of a period, each once.

        Args:
            period: of the features.
            limit: how many predictions are looked at, at most.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        where = {"period": period}
        found = yield Find(
            self.collection, where, sort=self.order, limit=limit, fields=["student_id"]
        )
        return sorted({row["student_id"] for row in found if row.get("student_id")})

    def known(self, prediction_ids: Iterable[str]) -> Op[set[str]]:
        """Those of the ids that are here; reads no prediction.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        known: set[str] = set()
        for part in in_parts(sorted(set(prediction_ids))):
            found = yield Find(self.collection, {"_id": {"$in": part}}, fields=["_id"])
            known |= {row["_id"] for row in found}
        return known

    def newest_ids(self, limit: int) -> Op[list[str]]:
        """The ids of the predictions served last, newest first.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found = yield Find(self.collection, {}, sort=self.order, limit=limit, fields=["_id"])
        return [row["_id"] for row in found]

    def count_by_unit(self, limit: int) -> Op[dict[tuple[str, str], UnitServed]]:
        """Unit (folded, "" unknown) and period to what was served, of the newest predictions.

        Args:
            limit: how many predictions are counted at most.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        fields = ["unit", "period", "student_id"]
        found = yield Find(self.collection, {}, sort=self.order, limit=limit, fields=fields)
        asked = [(row.get("unit", ""), row["period"], row.get("student_id")) for row in found]
        students = Counter((unit, period) for unit, period, student in set(asked) if student)
        served = Counter((unit, period) for unit, period, _ in asked)
        return {place: UnitServed(n, students[place]) for place, n in served.items()}

    def count(self, since: datetime | None = None) -> Op[int]:
        """How many predictions were served, since that moment or ever.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._count(_since(since)))


def _served_score(row: Document) -> ServedScore:
    return ServedScore(
        prediction_id=row["_id"],
        at=row["created_at"],
        period=row["period"],
        score=row["risk_score"],
        model_version=row["model_version"],
        features={unescape(name): value for name, value in row.get("features", {}).items()},
    )


def document_of(body: bytes) -> Document:
    """The document of a prediction that `orjson.dumps` wrote."""
    raw = orjson.loads(body)
    document = {"_id": raw.pop(PredictionRepository.key)}
    document.update((name, value) for name, value in raw.items() if value is not None)
    document["features"] = escape_keys(raw["features"])
    if raw.get("units"):
        document["units"] = escape_keys(raw["units"])
    document["created_at"] = milliseconds(datetime.fromisoformat(raw["created_at"]))
    document[schema.FIELD] = schema.current(Prediction.__name__)
    return document


def _since(since: datetime | None) -> dict[str, Any]:
    return {} if since is None else {"created_at": {"$gte": milliseconds(since)}}
