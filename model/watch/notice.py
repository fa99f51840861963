"""What people are told of the watch: one record for each thing, and how far telling it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    """How much it matters; `critical` is told in quiet hours too."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Telling(StrEnum):
    """How far telling a notice came."""

    DUE = "due"
    SENDING = "sending"
    """A worker has taken it; if it dies, another takes it when `next_at` has come."""

    SENT = "sent"
    FAILED = "failed"
    """Given up after as many attempts as there are; some addresses may have taken it."""

    SHOWN = "shown"
    """No address was set when it was found, so only the dashboard tells it."""

    PASSED = "passed"
    """What it tells was over before it was sent."""

    OLD = "old"
    """It was too long ago when it was found: of before there were notices, say."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that people are told once.

    No field names a student or a person.

    Attributes:
        notice_id: the topic, and for what may happen again the number of the time.
        topic: kind and subject, `run_failed:run-7` say.
        kind: its name in `retraining.notices.table`.
        at: when it happened, or was seen first (aware UTC).
        found_at: when the watch found it.
        title: language to a headline.
        text: language to one or two sentences.
        next_at: when it may be sent, or tried again.
        standing: whether it lasts and has not ended, an alarm that nobody acknowledged say.
        over_at: when something that lasts was seen to have ended.
        attempts: how often sending was tried.
        delivered: which addresses have taken it, by `retraining.notices.addresses.Address.key`.
        sent_at: when the first address took it.
        claim: the worker that sends it.
        detail: why it was not sent, without an address.
        revision: of the document; 0 before it is stored.
    """

    notice_id: str
    topic: str
    kind: str
    severity: Severity
    at: datetime
    found_at: datetime
    title: Mapping[str, str]
    text: Mapping[str, str]
    state: Telling
    next_at: datetime
    standing: bool = False
    over_at: datetime | None = None
    attempts: int = 0
    delivered: tuple[str, ...] = ()
    sent_at: datetime | None = None
    claim: str = ""
    detail: str = ""
    revision: int = 0


OPEN = (Telling.DUE, Telling.SENDING)
"""The states of what is still to be sent."""
