"""What a verified token says, as Farol understands it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from api.security import Client
from model.access import Scope

LEEWAY = timedelta(seconds=30)
"""By how much the clocks of the provider and of this host may differ."""

LONGEST = timedelta(hours=24)
"""A token cannot be revoked, so one that counts for longer is refused."""

SCOPES = ("scope", "scp")
UNITS = "farol_units"
TASKS = "farol_tasks"
OURS = "farol:"
MOST_NAME = 200


def client_of(claims: Mapping[str, Any], now: datetime) -> Client:
    """Who shows a token whose signature, issuer, audience and times were verified.

    Args:
        claims: with `iss`, `sub` and `exp`.
        now: aware UTC.

    Raises:
        ValueError: a claim is not as it has to be; the message says which, and shows no value.

    >>> said = {"iss": "https://id", "sub": "school", "exp": 1_772_409_600, "scope": "farol:read x"}
    >>> client = client_of(said, datetime(2026, 3, 1, tzinfo=UTC))
    >>> client.name, sorted(client.scopes), client.units, client.kind
    ('school', [<Scope.READ: 'read'>], (), 'token')
    """
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= MOST_NAME:
        raise ValueError(f"sub must be a text of at most {MOST_NAME} letters")
    ends = int(claims["exp"])
    if ends - now.timestamp() > (LONGEST + LEEWAY).total_seconds():
        raise ValueError("it counts for more than 24 hours; let the provider issue shorter ones")
    scopes, units = _scopes(claims), _names(claims, UNITS)
    if units and Scope.ADMIN in scopes:
        raise ValueError(f"{UNITS} names schools, and what an admin does is about all of them")
    return Client(
        subject,
        scopes,
        frozenset(_names(claims, TASKS)),
        units,
        key_id=_id(str(claims["iss"]), subject),
        kind="token",
        until=datetime.fromtimestamp(ends, UTC) + LEEWAY,
    )


def _scopes(claims: Mapping[str, Any]) -> frozenset[Scope]:
    """The scopes that are ours, `read` or `farol:read`; a provider's others mean nothing here."""
    said: list[str] = []
    for name in SCOPES:
        given = claims.get(name, "")
        said += given.split() if isinstance(given, str) else _texts(name, given)
    known = {scope.value for scope in Scope}
    return frozenset(Scope(one) for word in said if (one := word.removeprefix(OURS)) in known)


def _names(claims: Mapping[str, Any], claim: str) -> tuple[str, ...]:
    """The names in a claim; none where it is absent, which means all, as with an API key.

    Raises:
        ValueError: it is there and names nothing: that must not be taken for all.
    """
    if claim not in claims:
        return ()
    given = claims[claim]
    names = [given] if isinstance(given, str) else _texts(claim, given)
    if not names or not all(name.strip() for name in names):
        raise ValueError(f"{claim} is there and names nothing; leave it out to mean all")
    return tuple(dict.fromkeys(names))


def _texts(claim: str, given: object) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ValueError(f"{claim} must be a text or a list of texts")
    return given


def _id(issuer: str, subject: str) -> str:
    """What stands for a caller in records where an API key's id would."""
    return "token-" + hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()[:12]
