"""Outcomes fed back, and the labelled records they become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from model.student import Features, Units


@dataclass(frozen=True, slots=True)
class Outcome:
    """What really happened, as somebody reported it.

    Names the record it belongs to by `prediction_id`, or by `student_id` and `period`. `period` is
    the period of the **features** (of the prediction); the outcome itself becomes known
    `horizon` periods later.

    Attributes:
        value: 1.0 at risk, 0.0 not; any finite number for a numeric task.
        observed_at: when it happened (aware UTC).
        source: who reported it: a batch id, or the API client's name.
        horizon: how many periods after `period` the outcome becomes known; None: not told.
        after_horizon: it is refused when it was observed before that.
        unit: the unit that it joins within, `TaskSpec.unit_of`; "" may join the records of any.
    """

    value: float
    observed_at: datetime
    prediction_id: str | None = None
    student_id: str | None = None
    period: str | None = None
    source: str | None = None
    horizon: int | None = None
    after_horizon: bool = False
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """A label's former value, kept when a later report changed it."""

    former: float
    observed_at: datetime
    arrived_at: datetime
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """An outcome joined to the features that were known when predicting.

    `arrived_at` is when Farol first could use it: a run at `now` reads only labels with
    `arrived_at <= now`.

    Attributes:
        early: the outcome was only ever observed before its period began; it may still change.
        units: where the student was, as the features' record says.
        unit: of these, what access goes by; "" is unknown.
    """

    student_id: str
    period: str
    features: Features
    outcome: float
    observed_at: datetime
    arrived_at: datetime
    protected: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    prediction_id: str | None = None
    risk_score: float | None = None
    model_version: str | None = None
    history: tuple[Correction, ...] = ()
    early: bool = False
    units: Units = field(default_factory=dict)
    unit: str = ""

    @property
    def first_arrived_at(self) -> datetime:
        """When its first value arrived, whatever corrected it later."""
        return self.history[0].arrived_at if self.history else self.arrived_at


@dataclass(frozen=True, slots=True)
class KnownOutcome:
    """What became of a student, without the features it was joined to."""

    outcome: float
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class OrphanLabel:
    """An outcome whose features are not here yet; joined when they arrive.

    Attributes:
        unit: the unit that it waits within; "" waits for the features of any.
    """

    student_id: str
    period: str
    outcome: float
    observed_at: datetime
    arrived_at: datetime
    source: str | None = None
    history: tuple[Correction, ...] = ()
    unit: str = ""


class JoinStatus(StrEnum):
    """What became of a reported outcome."""

    JOINED = "joined"
    ORPHANED = "orphaned"
    DUPLICATE = "duplicate"
    CORRECTED = "corrected"
    REJECTED = "rejected"
