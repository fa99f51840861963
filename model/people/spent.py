"""That a session was ended before its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SpentToken:
    """A session that was signed out of.

    Attributes:
        spent_id: the session's id.
        until: when it would have been over by itself; the record is not needed longer.
    """

    spent_id: str
    until: datetime
