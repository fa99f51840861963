"""That something which counts once, or until a time, is used up before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SpentToken:
    """An invitation that was accepted, or a session that was signed out of.

    Attributes:
        spent_id: the session's id, or the digest of the invitation's code.
        until: when it would have been over by itself; the record is not needed longer.
    """

    spent_id: str
    until: datetime
