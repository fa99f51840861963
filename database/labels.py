"""Outcomes joined to the features that were known when predicting: the labelled rows.

`database.labelling` makes labels from reported outcomes; here they are read and written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from database.driver.commands import (
    CountBy,
    Document,
    Find,
    InsertMany,
    Op,
    Replace,
    ReplaceMany,
)
from database.driver.paging import in_parts
from database.mapping.documents import milliseconds
from database.outcomes import label_key
from database.repository import Repository
from model.errors import NotFound
from model.label import KnownOutcome, Label, OrphanLabel
from model.labels.join import as_of

WITHDRAWN = "withdrawn"
"""The field that marks what stands in a label's place while it has no features."""

_JOINED = {WITHDRAWN: {"$exists": False}}
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_NEWEST_FIRST = [("first_arrived_at", -1), ("period", -1), ("student_id", -1)]

Place = tuple[datetime, str, str]
"""Where a label stands among the newest: when it first arrived, period and student."""


class LabelRepository(Repository[Label]):
    """Labels by period and student; one that is withdrawn is seen by no reader."""

    collection = "labels"
    indexes = (
        _NEWEST_FIRST,  # window, arrivals_after, count
        [("arrived_at", -1)],  # newest
        [("student_id", 1)],  # erasure
        [("prediction_id", 1)],  # of_predictions, count_of_predictions
    )
    record = Label
    order = (("arrived_at", -1), ("_id", 1))
    missing = "no label of that student and period"

    def of(self, student_id: str, period: str) -> Op[Label]:
        """The label of a student and period.

        Raises:
            NotFound: no outcome has been joined there.
        """
        found = yield from self._matching(_JOINED | {"_id": label_key(student_id, period)})
        if not found:
            raise NotFound(self.missing)
        return found[0]

    def window(self, *, arrived_until: datetime, limit: int) -> Op[list[Label]]:
        """The newest labels as they stood at a moment, newest first; `limit` 0 is all.

        A label that was corrected after that moment comes with the value it had then.

        Raises:
            RegistryError: a label cannot be read.
        """
        until = milliseconds(arrived_until)
        where = {"first_arrived_at": {"$lte": until}}
        stood: list[Label | None] = yield Find(
            self.collection, where, sort=_NEWEST_FIRST, limit=limit,
            read=lambda document: as_of(self.read(document), until),
        )  # fmt: skip
        return [label for label in stood if label is not None]

    def cuts(self, rows: int) -> Op[list[str]]:
        """Every so many-th key in the order of keys; reads the index, and one label a key.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found: list[str] = []
        while True:
            where = {"_id": {"$gt": found[-1] if found else ""}}
            row = yield Find(
                self.collection, where, sort=[("_id", 1)], limit=1, skip=rows - 1, fields=["_id"]
            )
            if not row:
                return found
            found.append(row[0]["_id"])

    def last_of_window(self, *, arrived_until: datetime, limit: int) -> Op[Place | None]:
        """The place of the oldest label that `window` of the same arguments holds.

        None where it holds all. Reads the index, and one label.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        if not limit:
            return None
        where = {"first_arrived_at": {"$lte": milliseconds(arrived_until)}}
        found: list[Place] = yield Find(
            self.collection, where, sort=_NEWEST_FIRST, skip=limit - 1, limit=1, read=_place
        )
        return found[0] if found else None

    def between(
        self, after: str, until: str | None, *, arrived_until: datetime, since: Place | None
    ) -> Op[list[Label]]:
        """The labels of a range of keys that a window holds, by key, as they stood at its moment.

        Args:
            after: keys above this one.
            until: up to this one; None has no end.
            arrived_until: the moment.
            since: what `last_of_window` gave.

        Raises:
            RegistryError: a label cannot be read.
        """
        moment = milliseconds(arrived_until)
        keys = {"$gt": after} | ({} if until is None else {"$lte": until})

        def read(document: Document) -> Label | None:
            place = _place(document)
            if place[0] > moment or (since is not None and place < since):
                return None
            return as_of(self.read(document), moment)

        stood: list[Label | None] = yield Find(
            self.collection, _JOINED | {"_id": keys}, sort=[("_id", 1)], read=read
        )
        return [label for label in stood if label is not None]

    def beyond(self, *, arrived_until: datetime, limit: int) -> Op[dict[str, int]]:
        """Period to how many labels `window` of the same arguments leaves out; 0 is no limit.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        if not limit:
            return {}
        where = {"first_arrived_at": {"$lte": milliseconds(arrived_until)}}
        # In the index alone: a window of 100,000 may leave a million labels out.
        older = yield CountBy(self.collection, where, "period", sort=_NEWEST_FIRST, skip=limit)
        return dict(sorted(older.items()))

    def arrivals_after(self, moment: datetime, most: int) -> Op[list[datetime]]:
        """When the outcomes first arrived that came after a moment, of the newest `most` labels.

        They are read by their index, which a count by moments may not go by. Where nothing came,
        one is read.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        after = milliseconds(moment)
        came: list[datetime] = []
        for limit in (1, most):
            fields = ["first_arrived_at", WITHDRAWN]
            found = yield Find(self.collection, {}, _NEWEST_FIRST, limit, fields=fields)
            came = [row["first_arrived_at"] for row in found if WITHDRAWN not in row]
            if found and found[0]["first_arrived_at"] <= after:
                break
        return [at for at in came if at > after]

    def count_by_unit(self) -> Op[dict[tuple[str, str], int]]:
        """Unit (folded, "" unknown) and period to how many labels there are.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found = yield Find(self.collection, _JOINED, fields=["unit", "period"])
        return dict(Counter((row.get("unit", ""), row["period"]) for row in found))

    def labelled(self, keys: Iterable[str]) -> Op[set[str]]:
        """Those of the keys (`database.outcomes.label_key`) that have a label; reads none.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found: set[str] = set()
        for part in in_parts(sorted(set(keys))):
            where = {"_id": {"$in": part}}
            rows = yield Find(self.collection, where, fields=["_id", WITHDRAWN])
            found |= {row["_id"] for row in rows if WITHDRAWN not in row}
        return found

    def outcomes_of(
        self, subjects: Iterable[tuple[str, str]]
    ) -> Op[dict[tuple[str, str], KnownOutcome]]:
        """Student and period to the outcome, of those that have one; reads no features.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        asked = {label_key(student, period): (student, period) for student, period in subjects}
        found: dict[tuple[str, str], KnownOutcome] = {}
        fields = ["_id", "outcome", "observed_at", WITHDRAWN]
        for part in in_parts(sorted(asked)):
            rows = yield Find(self.collection, {"_id": {"$in": part}}, fields=fields)
            for row in rows:
                if WITHDRAWN not in row:
                    known = KnownOutcome(float(row["outcome"]), row["observed_at"])
                    found[asked[row["_id"]]] = known
        return found

    def newest(self, limit: int = 50) -> Op[list[Label]]:
        """The labels that arrived or changed last, newest first; `limit` 0 is all.

        Raises:
            RegistryError: a label cannot be read.
        """
        return (yield from self._matching(_JOINED, limit=limit))

    def last_arrival(self) -> Op[datetime | None]:
        """When an outcome arrived last; None before the first. Reads no label.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        order, fields = [("arrived_at", -1)], ["arrived_at"]
        found = yield Find(self.collection, {}, sort=order, limit=1, fields=fields)
        return found[0].get("arrived_at") if found else None

    def of_predictions(self, prediction_ids: Sequence[str]) -> Op[list[Label]]:
        """The labels joined to one of these predictions.

        Raises:
            RegistryError: a label cannot be read.
        """
        found: list[Label] = []
        for part in in_parts(prediction_ids):
            found += yield from self._matching({"prediction_id": {"$in": part}}, sort=())
        return found

    def count_of_predictions(self, prediction_ids: Sequence[str]) -> Op[int]:
        """How many labels are joined to one of these predictions.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        number = 0
        for part in in_parts(prediction_ids):
            # By the index alone: a count would read every label on the embedded server.
            where = {"prediction_id": {"$in": part}}
            found = yield Find(self.collection, where, fields=["_id", WITHDRAWN])
            number += sum(WITHDRAWN not in row for row in found)
        return number

    def count(self) -> Op[int]:
        """How many labels there are.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        # By the index that each label is in, and what stands in a label's place is not.
        return (yield from self._count({"first_arrived_at": {"$gte": _EVER}}))

    def write(self, fresh: Sequence[Document], changed: Sequence[Document]) -> Op[set[str]]:
        """Writes labels, or what stands in their place; gives the keys to be looked at again.

        Args:
            fresh: documents that were not there.
            changed: documents in the place of those of the revision before theirs.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._swap_many(fresh, changed))


def _place(document: Document) -> Place:
    return document["first_arrived_at"], document["period"], document["student_id"]


Waiting = tuple[str, str, str]
"""Student, period and unit; the period is empty of an outcome that waits for a prediction."""


class OrphanRepository(Repository[OrphanLabel]):
    """Outcomes that wait for their features, by period, student and the unit they wait within."""

    collection = "orphan_labels"
    indexes = (
        [("source", 1)],  # count_from
        [("student_id", 1)],  # waiting, of_students, erasure
        [("arrived_at", -1)],  # arrived_since
    )
    record = OrphanLabel
    order = (("arrived_at", -1), ("_id", 1))
    missing = "no outcome of that student and period waits"

    def count_from(self, source: str | None) -> Op[int]:
        """How many outcomes of that sender wait.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._count({"source": source}))

    def arrived(self) -> Op[list[datetime]]:
        """When each outcome that waits arrived last, in no order.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found = yield Find(self.collection, {}, fields=["arrived_at"])
        return [row["arrived_at"] for row in found]

    def waiting(
        self, *, arrived_until: datetime, student_ids: Iterable[str] | None = None
    ) -> Op[list[Waiting]]:
        """Student, period and unit of what waits.

        Args:
            arrived_until: what arrived later is left out.
            student_ids: of these only; None is all.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        where: dict[str, Any] = {"arrived_at": {"$lte": milliseconds(arrived_until)}}
        if student_ids is not None:
            where["student_id"] = {"$in": list(student_ids)}
        found = yield Find(self.collection, where, fields=["student_id", "period", "unit"])
        return list(map(_waiting, found))

    def arrived_since(self, moment: datetime, *, most: int) -> Op[list[Waiting]]:
        """The same of what arrived last: since that moment, and so many at most.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        where = {"arrived_at": {"$gte": milliseconds(moment)}}
        fields = ["student_id", "period", "unit"]
        order = [("arrived_at", -1)]
        found = yield Find(self.collection, where, sort=order, limit=most, fields=fields)
        return list(map(_waiting, found))

    def of_students(self, student_ids: Iterable[str]) -> Op[dict[str, Document]]:
        """What waits of these students, in all periods and units, by key.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._stored_by("student_id", student_ids))

    def write(self, fresh: Sequence[Document], changed: Sequence[Document]) -> Op[None]:
        """Writes what waits, in the place of whatever is there.

        Args:
            fresh: documents that were not there; one that is by now stays as it is.
            changed: documents in the place of others.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield InsertMany(self.collection, fresh)
        yield ReplaceMany(self.collection, [Replace({"_id": one["_id"]}, one) for one in changed])

    def remove(self, keys: Sequence[str], *, revision: Any = None) -> Op[None]:
        """Removes what waits under these keys.

        Args:
            keys: `database.outcomes.orphan_key`.
            revision: only where its revision is that; None removes whatever there is.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        where: dict[str, Any] = {"_id": {"$in": list(keys)}}
        if revision is not None:
            where["revision"] = revision
        yield from self._delete(where)


def _waiting(row: Document) -> Waiting:
    return row["student_id"], row["period"], row.get("unit", "")
