"""That a student, or who speaks for one, objects to being scored."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar


class AboutStudent(Protocol):
    """Whatever may be about a student."""

    @property
    def student_id(self) -> str | None:
        """The key of the student; None where nobody is named."""


T = TypeVar("T", bound=AboutStudent)


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection that stands: the student is neither scored nor learned from.

    Attributes:
        student_id: the key of the student.
        by: the name of the key or person who wrote it down.
        reason: in the words of whoever objects; personal data.
        unit: the (folded) school of the student then; "" is unknown.
    """

    student_id: str
    at: datetime
    by: str
    reason: str
    unit: str = ""


def without(objecting: Container[str | None], found: Iterable[T]) -> list[T]:
    """What is about nobody who objects, in the same order.

    >>> from datetime import UTC
    >>> both = [Objection(i, datetime(2024, 1, 1, tzinfo=UTC), "a", "b") for i in ("a", "b")]
    >>> [one.student_id for one in without({"a"}, both)]
    ['b']
    """
    return [one for one in found if one.student_id not in objecting]
