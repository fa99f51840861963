"""What is answered about who served when, and why."""

from __future__ import annotations

from datetime import datetime

from typing_extensions import TypedDict

from model.promotion import DecisionStatus


class ChampionAnswer(TypedDict):
    """Who served at a moment; every field but `at` is null where nobody did.

    Attributes:
        at: the moment.
        since: when the version became champion.
        until: when the next one took over; null while it serves.
        provisional: it served only because nobody else did.
        decision: id of the decision that made it champion.
        actor: who took that.
        action: `train`, `approve`, `promote` or `rollback`.
    """

    at: datetime
    version: str | None
    model_version: str | None
    provisional: bool | None
    since: datetime | None
    until: datetime | None
    decision: str | None
    actor: str | None
    action: str | None
    reasons: list[str]


class RefusalAnswer(TypedDict):
    """A staged version was refused; the champion serves on.

    Attributes:
        model_version: the champion; null where nobody serves.
    """

    version: str
    model_version: str | None
    status: DecisionStatus
    reason: str
