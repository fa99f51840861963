"""What is answered about who is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from typing_extensions import TypedDict

from model.access import Scope


class MeAnswer(TypedDict):
    """Who sent the request, and what may be done.

    Attributes:
        person: a person who is signed in; false for an API key.
        name: what audit and ledger call whoever acts.
        full_name: as others read it; the name, for an API key.
        tasks: all, where none is named.
        units: all, where none is named.
        expires_at: when the session is over; null for an API key.
    """

    person: bool
    name: str
    full_name: str
    scopes: Sequence[Scope]
    tasks: Sequence[str]
    units: Sequence[str]
    expires_at: datetime | None


class SessionAnswer(MeAnswer):
    """The session that began.

    Attributes:
        token: sent as an API key is; it is shown once.
    """

    token: str


class AcceptedAnswer(TypedDict):
    """Whose password was set."""

    name: str
    full_name: str
