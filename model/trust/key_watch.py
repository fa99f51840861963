"""Which API keys somebody should look at: those that end soon, and those that nobody uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from model.access import ApiKey

SINCE = "since"
"""In the place of a key's id: since when it is kept which keys are used."""

UNUSED = timedelta(days=90)
"""A key that nobody used for so long is named: revoke it, unless it is for once a year."""

SOON = timedelta(days=14)
"""So long before its end a key is named, unless another one is in its place."""


def unused(keys: Iterable[ApiKey], uses: Mapping[str, datetime], now: datetime) -> Sequence[ApiKey]:
    """Those that nobody used for so long; none before that was kept for so long.

    Args:
        keys: that count.
        uses: key id to its last use, and `SINCE`.
        now: aware UTC.
    """
    since = uses.get(SINCE, now)
    return [key for key in keys if now - uses.get(key.key_id, max(since, key.created_at)) >= UNUSED]


def ending(keys: Sequence[ApiKey], now: datetime) -> Sequence[ApiKey]:
    """Those that end soon and in whose place no other is.

    Args:
        keys: that count.
        now: aware UTC.
    """
    replaced = {key.replaces for key in keys}
    return [
        key
        for key in keys
        if key.expires_at is not None
        and now < key.expires_at <= now + SOON
        and key.key_id not in replaced
    ]
