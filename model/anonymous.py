"""The key of a label whose prediction named no student."""

from __future__ import annotations

MARK = "~"
"""Begins such a key; no student's id may begin with it."""


def anonymous(prediction_id: str) -> str:
    """The student id under which a prediction without a student is labelled.

    >>> anonymous("p1")
    '~p1'
    """
    return MARK + prediction_id


def prediction_of(student_id: str) -> str | None:
    """The prediction that such a key stands for; None for the id of a student.

    >>> prediction_of("~p1"), prediction_of("RA-1")
    ('p1', None)
    """
    return student_id.removeprefix(MARK) if student_id.startswith(MARK) else None
