"""How a feature came to its value, in words; the API reads these, and no file."""

from __future__ import annotations

from enum import StrEnum


class OriginKind(StrEnum):
    """How a feature came to its value."""

    READ = "read"
    """From the cells that are named."""
    MADE = "made"
    """From other features, which are named."""
    PUT_RIGHT = "put right"
    """By hand; what the file says is told beside it."""
    SENT = "sent"
    """Not by a file: with a request."""
    NOT_KEPT = "not kept"
    """From a file of which nothing is kept, as of events, or whose row is gone."""
