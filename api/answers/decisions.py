"""What is answered about who served when, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from typing_extensions import TypedDict

from api.answers.filled import Count
from model.decisions.realised import RealisedGain, TrackRecord
from model.promotion import DecisionStatus, Guard, Promise


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


class DecisionEntry(TypedDict):
    """One decision of the ledger.

    Attributes:
        revision: of the champion's alias that it made; null where the champion stayed.
        promise: the gain over the version before that was promised; null where nothing was.
        came: what the first period after brought; null until its outcomes are there.
        kept: whether the promise was kept; null until then.
    """

    promotion_id: str
    at: datetime
    actor: str
    action: str
    status: DecisionStatus
    challenger: str
    champion: str | None
    reasons: Sequence[str]
    guards: Sequence[Guard]
    evidence: Mapping[str, Any]
    revision: int | None
    provisional: bool
    promise: Promise | None
    came: RealisedGain | None
    kept: bool | None


class PromotionsAnswer(TypedDict):
    """Decisions, newest first, and how all promises turned out.

    Attributes:
        total: of the ledger.
        track_record: over the whole ledger, whatever page was asked for.
    """

    total: Count
    track_record: TrackRecord
    promotions: Sequence[DecisionEntry]
