"""What a person looked at, as the audit log calls it."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

AGAIN = timedelta(hours=1)
"""A page that stays open reads again and again: it is looked at once an hour."""


class Looked(StrEnum):
    """Something of students that was shown to a person."""

    STUDENT = "student opened"
    LIST = "list downloaded"
    TRAIL = "audit trail read"
