"""That somebody signed in: a token that the installation signs and keeps no copy of."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from model.people.person import Person
from model.trust.signature import check, seal

PREFIX = "farol_session_"
"""What tells a session's token from the secret of an API key."""

LASTS = timedelta(hours=12)
"""A working day; then the person signs in again."""

PURPOSE = "session"


@dataclass(frozen=True, slots=True)
class Session:
    """What a token says.

    Attributes:
        session_id: its own; the person may sign out of it.
        person_id: who signed in.
        edition: of the person then; with another one the session is over.
        expires_at: seconds since 1970.
    """

    session_id: str
    person_id: str
    edition: str
    expires_at: int

    @property
    def until(self) -> datetime:
        """When it is over, aware UTC."""
        return datetime.fromtimestamp(self.expires_at, UTC)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session, and who is in it."""

    session: Session
    person: Person


def begun(person: Person, session_id: str, now: datetime) -> Session:
    """A session of that person from now on."""
    return Session(session_id, person.person_id, person.edition, int((now + LASTS).timestamp()))


def token_of(session: Session, installation: bytes) -> str:
    """The token that a client sends in the place of an API key.

    >>> token = token_of(Session("s", "p", "e", 2_000_000_000), b"key")
    >>> session_in(token, b"key", datetime(2026, 3, 2, tzinfo=UTC)).person_id
    'p'
    >>> session_in(token, b"another key", datetime(2026, 3, 2, tzinfo=UTC)) is None
    True
    """
    said = base64.urlsafe_b64encode(json.dumps(asdict(session)).encode()).decode()
    return f"{PREFIX}{said}.{seal(PURPOSE, {'said': said}, installation)}"


def session_in(token: str, installation: bytes, now: datetime) -> Session | None:
    """What a token says; None where this installation did not sign it, or it is over."""
    said, _, signature = token.removeprefix(PREFIX).partition(".")
    try:
        genuine = token.startswith(PREFIX) and check(
            PURPOSE, {"said": said}, signature, installation
        )
    except UnicodeEncodeError:
        return None  # Half a character, which no token has.
    if not genuine:
        return None
    # Read only now: it is to the letter what `token_of` wrote.
    session = Session(**json.loads(base64.urlsafe_b64decode(said)))
    return session if now.timestamp() < session.expires_at else None
