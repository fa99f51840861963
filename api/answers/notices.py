"""What is answered about what people were told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from typing_extensions import TypedDict

from api.answers.filled import Count
from model.watch.notice import Severity, Telling


class NoticeEntry(TypedDict):
    """One thing that people are told once; it names no student.

    Attributes:
        kind: a row of docs/notices.md.
        at: when it happened, or began.
        title: language to a headline.
        text: language to what is told.
        standing: it lasts and has not ended.
        over_at: when it was seen to have ended; null while it lasts, and of what does not last.
        sent_at: when the first address took it; null before.
        detail: why it was not sent, without an address.
    """

    notice_id: str
    kind: str
    severity: Severity
    at: datetime
    found_at: datetime
    title: Mapping[str, str]
    text: Mapping[str, str]
    state: Telling
    standing: bool
    over_at: datetime | None
    attempts: Count
    sent_at: datetime | None
    detail: str


class NoticesAnswer(TypedDict):
    """Notices, those found last first."""

    notices: Sequence[NoticeEntry]
