"""The audit log of before the trail: not chained, and held as it is from the trail's start on."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from datetime import datetime

from model.access import AuditEvent
from model.audit.block import moment_of, sealing_key
from model.audit.entry import ActorKind, Entry
from model.trust.tombstone import TombstoneKey

BEGUN = "audit trail begun"
"""The action of the first entry of an installation; `subject` is the mark of what was there."""


def begun(events: Iterable[AuditEvent], key: TombstoneKey, now: datetime) -> Entry:
    """The first entry of an installation's trail: it tells which events of before there were.

    Args:
        events: all of them.
        key: the installation's data key.
        now: aware UTC.
    """
    known = list(events)
    told = f"{len(known)} events of the audit log of before"
    return Entry(now, "", "installation", ActorKind.WORKER, BEGUN, mark_of(known, key), told)


def mark_of(events: Iterable[AuditEvent], key: TombstoneKey) -> str:
    """The same for the same events, in whatever order they are read."""
    told = sorted(
        [one.event_id, moment_of(one.at), one.actor, one.action, one.subject, one.detail]
        for one in events
    )
    return hmac.digest(sealing_key(key), json.dumps(told).encode(), "sha256").hex()


def of_before(event: AuditEvent) -> Entry:
    """Such an event as an entry; it told no task, and of the actor nothing but the name."""
    kind = ActorKind.COMMAND if event.actor.startswith("cli/") else ActorKind.PERSON
    return Entry(event.at, "", event.actor, kind, event.action, event.subject, event.detail)
