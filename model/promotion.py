"""Decisions about who serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class DecisionStatus(StrEnum):
    """Whether the challenger took over.

    A `staged` one waits for a person, who lets it serve (`approved`, which a promotion follows) or
    not (`refused`).
    """

    PROMOTED = "promoted"
    KEPT = "kept"
    STAGED = "staged"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Guard:
    """One condition of a promotion and what became of it.

    Attributes:
        name: its name in the policy, `precision_floor` say.
        passed: whether the challenger met it.
        reason: a sentence a counsellor's manager can read.
        value: what was measured, if it is a number.
        limit: what the policy asks for, if it is a number.
    """

    name: str
    passed: bool
    reason: str
    value: float | None = None
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class PromotionDecision:
    """The outcome of a comparison, with every guard that was looked at.

    Attributes:
        provisional: the challenger may serve only because nobody else does.
    """

    status: DecisionStatus
    reasons: tuple[str, ...]
    guards: tuple[Guard, ...] = ()
    provisional: bool = False


TRAIN = "train"
"""The action of a decision that a run took."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """One line of the append-only ledger: a decision and who took it.

    Attributes:
        promotion_id: the run's id, or a fresh id for a decision by hand.
        at: when it took effect (aware UTC).
        actor: `pipeline`, or the name of the key that asked for it.
        action: `train`, `promote` (by hand) or `rollback`.
        challenger: the version that wanted to serve.
        champion: the version that served before, None at first.
        revision: the alias revision this decision made; None when the champion was kept.
        provisional: the challenger serves, or would serve, only because nobody else does.
    """

    promotion_id: str
    at: datetime
    actor: str
    action: str
    status: DecisionStatus
    challenger: str
    champion: str | None
    reasons: tuple[str, ...]
    guards: tuple[Guard, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    revision: int | None = None
    provisional: bool = False

    @property
    def by_hand(self) -> bool:
        """Whether somebody moved the champion, instead of a run that compared."""
        return self.action != TRAIN


@dataclass(frozen=True, slots=True)
class Term:
    """How long a version served.

    Attributes:
        promotion: that made it champion.
        until: when the next one took over; None while it serves.
    """

    promotion: Promotion
    until: datetime | None


def of_run(decisions: Iterable[Promotion]) -> Promotion | None:
    """What the run that made a version decided about it, whoever moved the champion afterwards.

    Args:
        decisions: all about one version.
    """
    return next((decision for decision in decisions if not decision.by_hand), None)


def latest_by_hand(decisions: Iterable[Promotion]) -> Promotion | None:
    """The newest decision that somebody took by hand; None without one.

    Args:
        decisions: newest first.
    """
    return next((decision for decision in decisions if decision.by_hand), None)
