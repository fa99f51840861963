"""What a person looked at, as the audit log calls it."""

from __future__ import annotations

from enum import StrEnum


class Looked(StrEnum):
    """Something of students that was shown to a person."""

    STUDENT = "student opened"
    LIST = "list downloaded"
