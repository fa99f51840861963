"""Decisions about who serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class DecisionStatus(StrEnum):
    """Whether the challenger took over."""

    PROMOTED = "promoted"
    KEPT = "kept"


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
    """The outcome of a comparison, with every guard that was looked at."""

    status: DecisionStatus
    reasons: tuple[str, ...]
    guards: tuple[Guard, ...] = ()


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
