"""The feature store: one document a student, with everything known of them period by period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from database.driver.commands import (
    Count,
    DeleteMany,
    Document,
    Find,
    InsertMany,
    Op,
    Replace,
    ReplaceMany,
)
from database.driver.paging import in_parts
from database.mapping.documents import from_document, to_document
from model.errors import NotFound
from model.student import Observation, Student

COLLECTION = "students"
PERIODS = "periods"


def observe(observations: Sequence[Observation]) -> Op[int]:
    """Keeps what schools reported; gives how many periods of how many students it changed.

    Of one student's period the latest observation stands, whichever is written first; so files
    may come in any order, and more than once.

    Raises:
        ValueError: a period with a dot or a colon in it.
    """
    periods = sorted({o.period for o in observations})
    if any(set(period) & set(".:$") for period in periods):
        raise ValueError("a period has neither dot, colon nor dollar")
    yield InsertMany(PERIODS, [{"_id": period} for period in periods])
    by_student: dict[str, list[Observation]] = defaultdict(list)
    for observation in observations:
        by_student[observation.student_id].append(observation)
    changed = 0
    for ids in in_parts(sorted(by_student)):
        changed += yield from _observe({i: by_student[i] for i in ids})
    return changed


def get(student_id: str) -> Op[Student]:
    """Everything known of a student.

    Raises:
        NotFound: nothing is.
    """
    students = yield from get_many([student_id])
    if student_id not in students:
        raise NotFound("no record of that student")
    return students[student_id]


def get_many(ids: Sequence[str]) -> Op[dict[str, Student]]:
    """Everything known of these students, by id; unknown ones are left out."""
    students: dict[str, Student] = {}
    for part in in_parts(sorted(set(ids))):
        found = yield Find(COLLECTION, {"_id": {"$in": part}})
        students |= {document["_id"]: _student(document) for document in found}
    return students


def in_period(period: str, limit: int = 0) -> Op[list[Observation]]:
    """What is known of that period, by student id; `limit` 0 is all."""
    where = {f"periods.{period}": {"$exists": True}}
    found = yield Find(COLLECTION, where, sort=[("_id", 1)], limit=limit)
    return [_observation(d["_id"], period, d["periods"][period]) for d in found]


def count_in_period(period: str) -> Op[int]:
    """How many students something is known of in that period."""
    number: int = yield Count(COLLECTION, {f"periods.{period}": {"$exists": True}})
    return number


def periods() -> Op[tuple[str, ...]]:
    """The periods that something is known of, oldest first."""
    found = yield Find(PERIODS, {}, sort=[("_id", 1)])
    return tuple(document["_id"] for document in found)


def recent_observations(limit: int) -> Op[list[Observation]]:
    """What became known last, newest first, one observation a student."""
    found = yield Find(COLLECTION, {}, sort=[("updated_at", -1), ("_id", 1)], limit=limit)
    newest = [max(_student(d).observations, key=lambda o: (o.observed_at, o.period)) for d in found]
    return sorted(newest, key=lambda o: (-o.observed_at.timestamp(), o.student_id))


def erase(student_id: str) -> Op[int]:
    """Forgets a student here; `database.erasing.erasure` does so everywhere."""
    deleted: int = yield DeleteMany(COLLECTION, {"_id": student_id})
    return deleted


def _observe(waiting: dict[str, list[Observation]]) -> Op[int]:
    changed = 0
    while waiting:
        found = yield Find(COLLECTION, {"_id": {"$in": list(waiting)}})
        stored = {document["_id"]: document for document in found}
        merged = {i: _merge(i, stored.get(i), seen) for i, seen in waiting.items()}
        fresh = [merged[i][0] for i in waiting if i not in stored]
        replaced = [
            Replace({"_id": i, "revision": stored[i]["revision"]}, merged[i][0])
            for i in waiting
            if i in stored and merged[i][1]
        ]
        taken = yield InsertMany(COLLECTION, fresh)
        late = {fresh[position]["_id"] for position in taken}
        matched = yield ReplaceMany(COLLECTION, replaced)
        if matched < len(replaced):
            # The answer is a count, so all of them are looked at again; those written are equal.
            late |= {replacement.where["_id"] for replacement in replaced}
        changed += sum(count for i, (_, count) in merged.items() if i not in late)
        waiting = {i: waiting[i] for i in late}
    return changed


def _merge(
    student_id: str, stored: Document | None, seen: Sequence[Observation]
) -> tuple[Document, int]:
    """The document with these observations in it, and how many of its periods changed."""
    before: dict[str, Document] = stored["periods"] if stored else {}
    after = dict(before)
    for observation in seen:
        entry = to_document(observation)
        del entry["student_id"], entry["period"]
        standing = after.get(observation.period)
        if standing is None or _order(entry) > _order(standing):
            after[observation.period] = entry
    document = {
        "_id": student_id,
        "periods": after,
        "updated_at": max(entry["observed_at"] for entry in after.values()),
        "revision": stored["revision"] + 1 if stored else 1,
    }
    return document, sum(after[period] != before.get(period) for period in after)


def _order(entry: Document) -> tuple[Any, ...]:
    """Which of two observations of one period stands; by content when they came at one moment."""
    content = sorted((k, str(v)) for k, v in entry["features"].items())
    protected = sorted(entry.get("protected", {}).items())
    return entry["observed_at"], content, protected, entry.get("batch_id", "")


def _student(document: Document) -> Student:
    return Student(
        student_id=document["_id"],
        observations=tuple(
            _observation(document["_id"], period, document["periods"][period])
            for period in sorted(document["periods"])
        ),
    )


def _observation(student_id: str, period: str, entry: Document) -> Observation:
    return from_document(Observation, {"student_id": student_id, "period": period, **entry})
