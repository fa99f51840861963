"""What may be a student's id: one rule for files, requests and erasure."""

from __future__ import annotations

from model.anonymous import MARK
from model.errors import InvalidRecord

LONGEST_ID = 128
LONGEST_EVER = 200
"""Characters that an earlier release took from files; such a student can still be erased."""
ROUTES = frozenset({"at-risk", "batch", "bulk"})
"""Words of the API's paths, where a student's id may stand too."""


def read_student_id(value: object, *, field: str = "student_id", longest: int = LONGEST_ID) -> str:
    """A student's id; whole numbers are taken as their digits.

    Args:
        value: as it was sent, or read from a file.
        field: what the id is called there, for the message.
        longest: in characters.

    >>> read_student_id(17)
    '17'
    >>> read_student_id("")
    Traceback (most recent call last):
    model.errors.InvalidRecord: student_id: must be 1 to 128 printable characters

    Raises:
        InvalidRecord: empty, too long, with characters that no id has, or reserved.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise InvalidRecord(field, "must be text")
    if not 0 < len(text) <= longest or not text.isprintable() or text != text.strip():
        raise InvalidRecord(field, f"must be 1 to {longest} printable characters")
    if text.startswith(MARK):
        raise InvalidRecord(
            field, f"must not begin with {MARK}, which marks predictions without one"
        )
    if text in ROUTES:
        raise InvalidRecord(field, f"must not be one of {', '.join(sorted(ROUTES))}")
    return text
