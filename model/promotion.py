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
    not (`refused`). One in `shadow` is tried beside the champion first, with the same ends, or
    waits for a person then.
    """

    PROMOTED = "promoted"
    KEPT = "kept"
    STAGED = "staged"
    SHADOW = "shadow"
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
        case: which of its sentences applies, where passed and failed do not tell.
    """

    name: str
    passed: bool
    reason: str
    value: float | None = None
    limit: float | None = None
    case: str = ""


@dataclass(frozen=True, slots=True)
class PromotionDecision:
    """The outcome of a comparison, with every guard that was looked at.

    Attributes:
        provisional: promoted as a first champion that some guards object to, until a better comes.
    """

    status: DecisionStatus
    reasons: tuple[str, ...]
    guards: tuple[Guard, ...] = ()
    provisional: bool = False


TRAIN = "train"
"""The action of a decision that a run took about the challenger it trained."""
RECALIBRATION = "recalibration"
"""The action of a decision that a run took about the champion with a new calibration."""

APPROVE, REFUSE = "approve", "refuse"
"""The actions of a person whom a staged version waited for."""

EXPIRE, EXPIRED = "expire", "expired"
"""Action and actor where a staged version waited too long, or a newer one took its place."""

TRIAL, TRIED = "trial", "shadow"
"""Action and actor of what a trial beside the champion ended with."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a promotion promised of the first period that neither version learned from.

    Attributes:
        gain: challenger over champion, above zero is better; of recall, or the share of the
            champion's mean absolute error that is saved.
        low: lower end of its 95 % interval.
        high: upper end.
        period: the newest period that was learned from; the promise is about the first after it.
        basis: what it rests on: `measured`, or the basis of the gain expected in the next period.
        metric: `recall_at_budget`, or `mae`.
    """

    gain: float
    low: float
    high: float
    period: str
    basis: str
    metric: str = "recall_at_budget"


@dataclass(frozen=True, slots=True)
class Promotion:
    """One line of the append-only ledger: a decision and who took it.

    Attributes:
        promotion_id: the run's id, with `-recalibration` for that decision of it, or a fresh id for
            a decision by hand.
        at: when it took effect (aware UTC).
        actor: `pipeline`, or the name of the key that asked for it.
        action: `train`, `recalibration`, `trial` (the end of a trial beside the champion),
            `promote` (by hand) or `rollback`.
        challenger: the version that wanted to serve.
        champion: the version that served before, None at first.
        revision: the alias revision this decision made; None when the champion was kept.
        provisional: the challenger serves, or would serve, although guards of a first model
            objected, because it is better than none; the next that meets them replaces it.
        promise: the gain that the challenger is to bring; None without a comparison.
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
    promise: Promise | None = None

    @property
    def by_hand(self) -> bool:
        """Whether a person decided it, instead of a run that compared or the clock."""
        return self.action not in {TRAIN, RECALIBRATION, EXPIRE, TRIAL}


def told_promise(promise: Promise) -> str:
    """A promise in words: points of recall, or a share of the mean absolute error.

    >>> told_promise(Promise(0.036, 0.003, 0.078, "2023", "expected"))
    '+3.6 points of recall (+0.3 to +7.8)'
    """
    return told_gain(promise.gain, promise.low, promise.high, promise.metric)


def told_gain(gain: float, low: float, high: float, metric: str) -> str:
    """A gain with its interval in words.

    >>> told_gain(0.05, -0.02, 0.1, "mae")
    '+5.0 % of the mean error saved (-2.0 to +10.0)'
    """
    unit = "% of the mean error saved" if metric == "mae" else "points of recall"
    return f"{gain * 100:+.1f} {unit} ({low * 100:+.1f} to {high * 100:+.1f})"


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
    by_runs = {TRAIN, RECALIBRATION}
    return next((decision for decision in decisions if decision.action in by_runs), None)


def latest_by_hand(decisions: Iterable[Promotion]) -> Promotion | None:
    """The newest decision that somebody took by hand; None without one.

    Args:
        decisions: newest first.
    """
    return next((decision for decision in decisions if decision.by_hand), None)
