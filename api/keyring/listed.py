"""The keys as `python -m api.keys list` tells them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from model.access import ApiKey
from model.trust.key_seal import KeysInForce
from model.trust.key_watch import UNUSED, unused


def lines(
    keys: Iterable[ApiKey], found: KeysInForce, uses: Mapping[str, datetime], now: datetime
) -> Iterator[str]:
    """A line for each key, and one that names those that nobody uses.

    Args:
        keys: every key document.
        found: what counts.
        uses: key id to its last use, and `SINCE`.
        now: aware UTC.
    """
    for key in keys:
        scopes = ",".join(sorted(key.scopes))
        # Whoever can write to the registry can put anything in the place of a time.
        made = f"{key.created_at!s:.10}"
        tasks, units = ",".join(key.tasks) or "every task", ",".join(key.units) or "every unit"
        used = f"used {uses[key.key_id]:%F %R}" if key.key_id in uses else "not seen used"
        limits = f"{tasks}  {units}"
        state = _state(key, found)
        yield f"{key.key_id}  {key.name}  {scopes}  {limits}  {made}  {state}  {used}"
    idle = unused(found.keys, uses, now)
    if idle:
        named = ", ".join(f"{key.key_id} ({key.name})" for key in idle)
        yield f"not used for {UNUSED.days} days: {named}; revoke what nobody needs"


def _state(key: ApiKey, found: KeysInForce) -> str:
    if key.key_id in found.foreign:
        return "not signed by this installation: ignored"
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at!s:.10}"
    if key.key_id in found.revoked:
        return "revoked"
    counts = {one.key_id: one.expires_at for one in (*found.keys, *found.expired)}
    until = counts.get(key.key_id)
    if key.key_id in {one.key_id for one in found.expired}:
        return f"expired {until:%F %R}"
    if until is None:
        return "active"
    why = ", another is in its place" if key.key_id in found.ends else ""
    return f"active until {until:%F %R} UTC{why}"
