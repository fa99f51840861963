"""Makes API keys, and others in their place; pure but for the secret, which is random."""

from __future__ import annotations

import argparse
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from model.access import ApiKey, Scope
from model.errors import Conflict, NotFound
from model.trust.key_seal import KeysInForce, digest_of

PREFIX = "farol_"
MOST_DAYS = 3650
MOST_HOURS = 24 * 30


def new_key(
    name: str,
    scopes: frozenset[Scope],
    now: datetime,
    *,
    lasts: timedelta | None,
    tasks: Iterable[str] = (),
    units: Iterable[str] = (),
) -> tuple[ApiKey, str]:
    """A key without a seal, and its secret, which is stored nowhere.

    Args:
        name: whose it is.
        scopes: what it may be used for.
        now: aware UTC.
        lasts: how long it counts; None: until it is revoked.
        tasks: the tasks it is for; none is all.
        units: the schools it is for; none is all.
    """
    secret = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        key_id=uuid.uuid4().hex[:12],
        name=name,
        digest=digest_of(secret),
        scopes=scopes,
        created_at=now,
        tasks=tuple(dict.fromkeys(tasks)),
        units=tuple(dict.fromkeys(units)),
        expires_at=None if lasts is None else now + lasts,
    )
    return key, secret


def successor(former: ApiKey, now: datetime, *, lasts: timedelta | None) -> tuple[ApiKey, str]:
    """A key with the rights of a former one, and its secret.

    Args:
        former: the key.
        now: aware UTC.
        lasts: how long it counts; None: as long as the former one did from its making on.
    """
    if lasts is None and former.expires_at is not None:
        lasts = former.expires_at - former.created_at
    key, secret = new_key(
        former.name, former.scopes, now, lasts=lasts, tasks=former.tasks, units=former.units
    )
    return replace(key, replaces=former.key_id), secret


def usable(key_id: str, found: KeysInForce) -> ApiKey:
    """The key of that id, if another one may take its place.

    Raises:
        NotFound: none of that id counts.
        Conflict: another one is in its place already.
    """
    key = next((one for one in found.keys if one.key_id == key_id), None)
    if key is None:
        raise NotFound(
            f"key {key_id} does not count (unknown, revoked, expired or not signed here); make a "
            "new one with create"
        )
    if key_id in found.ends:
        raise Conflict(
            f"key {key_id} was rotated already and ends at {found.ends[key_id]:%F %R} UTC; rotate "
            "the one in its place"
        )
    return key


def days(text: str) -> timedelta:
    """How long a key lasts, as it is typed.

    >>> days("30")
    datetime.timedelta(days=30)
    """
    return timedelta(days=_within(text, 1, MOST_DAYS, "days"))


def hours(text: str) -> timedelta:
    """For how long two keys count, as it is typed; 0 ends the former one at once."""
    return timedelta(hours=_within(text, 0, MOST_HOURS, "hours"))


def _within(text: str, least: int, most: int, unit: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"{text!r}: give {unit} from {least} to {most}")
    return number
