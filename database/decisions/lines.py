"""The lines of the ledger that follow a decision which waits: pure, each under a key of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from model.promotion import EXPIRE, EXPIRED, TRIAL, TRIED, DecisionStatus, Promotion

MOMENT = timedelta(milliseconds=1)
"""Between two lines of the ledger that one look writes, so that they are read in their order."""


@dataclass(frozen=True, slots=True)
class TrialFound:
    """What a trial beside the champion showed.

    Attributes:
        reasons: in sentences with figures.
        evidence: the figures, as JSON and the registry can hold them.
    """

    reasons: tuple[str, ...]
    evidence: Mapping[str, Any] = field(default_factory=dict)


def answer_id(staged: Promotion) -> str:
    """The key of the answer, whatever it says."""
    return f"{staged.promotion_id}.answer"


def promotion_id(staged: Promotion) -> str:
    """The key of the promotion that an approval is followed by."""
    return f"{staged.promotion_id}.promoted"


def lost_id(staged: Promotion) -> str:
    """The key of the line that says why it could not be followed by one."""
    return f"{staged.promotion_id}.kept"


def answer(
    staged: Promotion, status: DecisionStatus, said: tuple[str, str, str], now: datetime
) -> Promotion:
    """The line of an answer: who, what they did, and why; never before what it answers."""
    actor, action, reason = said
    return Promotion(
        promotion_id=answer_id(staged),
        at=max(now, staged.at + MOMENT),
        actor=actor,
        action=action,
        status=status,
        challenger=staged.challenger,
        champion=staged.champion,
        reasons=(reason,),
        provisional=staged.provisional,
    )


def expiry(staged: Promotion, told: str, now: datetime) -> Promotion:
    """The refusal of a version that waits no longer, by the clock or a newer one."""
    return answer(staged, DecisionStatus.REFUSED, (EXPIRED, EXPIRE, told), now)


def of_trial(
    tried: Promotion, status: DecisionStatus, found: TrialFound, now: datetime
) -> Promotion:
    """What a trial ended with; where a person is asked next, with all that the run had found."""
    line = replace(
        answer(tried, status, (TRIED, TRIAL, ""), now),
        reasons=found.reasons,
        evidence=found.evidence,
    )
    if status is not DecisionStatus.STAGED:
        return line
    return replace(
        line,
        reasons=(*tried.reasons, *found.reasons),
        guards=tried.guards,
        evidence={**tried.evidence, **found.evidence},
        promise=tried.promise,
    )


def promoted(staged: Promotion, approved: Promotion) -> Promotion:
    """The promotion that an approval is followed by."""
    return replace(
        approved,
        promotion_id=promotion_id(staged),
        status=DecisionStatus.PROMOTED,
        promise=staged.promise,
    )


def lost(staged: Promotion, promotion: Promotion, why: str) -> Promotion:
    """Why an approval could not be followed by its promotion."""
    return replace(
        promotion,
        promotion_id=lost_id(staged),
        at=promotion.at + MOMENT,
        status=DecisionStatus.KEPT,
        reasons=(f"approved by {promotion.actor}, and not promoted: {why}",),
        promise=None,
    )
