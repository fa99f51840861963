"""The document of a student: what was observed of each period, the latest report of it alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from database.driver.commands import Document
from database.mapping.documents import from_document, to_document
from model.student import Observation


def observation_in(document: Document, period: str) -> Observation | None:
    """The observation of a period in a student's document, if there is any.

    Raises:
        RegistryError: it cannot be read.
    """
    entry = document["periods"].get(period)
    return None if entry is None else observation_of(document["_id"], period, entry)


def unit_in(document: Document, period: str) -> str | None:
    """The unit of a student's observation of a period, "" unknown; None where there is none."""
    entry: Document | None = document["periods"].get(period)
    return None if entry is None else str(entry.get("unit", ""))


def with_observations(
    student_id: str, stored: Document | None, seen: Sequence[Observation]
) -> tuple[Document, int]:
    """A student's document with these observations in it, and how many of its periods changed.

    Of one period the latest observation stands, whichever is written first.

    Args:
        student_id: the key of the document.
        stored: as it is; None where there is none.
        seen: what was reported of the student.
    """
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
        "unit": after[max(after)].get("unit", ""),
        "updated_at": max(entry["observed_at"] for entry in after.values()),
        "revision": stored["revision"] + 1 if stored else 1,
    }
    return document, sum(after[period] != before.get(period) for period in after)


def _order(entry: Document) -> tuple[Any, ...]:
    """Which of two observations of one period stands; by content when they came at one moment."""
    content = sorted((k, str(v)) for k, v in entry["features"].items())
    protected = sorted(entry.get("protected", {}).items())
    units = sorted(entry.get("units", {}).items())
    return entry["observed_at"], content, protected, units, entry.get("batch_id", "")


def observation_of(student_id: str, period: str, entry: Document) -> Observation:
    """The observation of a period's entry.

    Raises:
        RegistryError: it cannot be read.
    """
    return from_document(Observation, {"student_id": student_id, "period": period, **entry})
