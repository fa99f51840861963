"""What is known of a student, period by period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Value = float | str
"""One cell: a number, or a category by name. A missing value is an absent key, never NaN."""

Features = Mapping[str, Value]
"""Canonical feature name to value."""

Units = Mapping[str, str]
"""Unit column of the task (a school, a class) to its value; one that is not known is absent."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A student's indicators in one period, as a school reported them.

    Attributes:
        student_id: the school's own identifier.
        period: the period the indicators describe, `"2023"` say.
        features: what the model may see.
        protected: attributes used to check fairness and never to score.
        observed_at: when it became known to Farol (aware UTC).
        batch_id: the ingested batch it came in, if any.
        checked: read for the plausibility check over periods alone; no model sees it.
        units: where the student was in that period, as a school writes it; no model sees it.
        unit: what access and the join of labels go by, `TaskSpec.unit_of(units)`; "" is unknown.
    """

    student_id: str
    period: str
    features: Features
    observed_at: datetime
    protected: Mapping[str, str] = field(default_factory=dict)
    batch_id: str | None = None
    checked: Features = field(default_factory=dict)
    units: Units = field(default_factory=dict)
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Student:
    """Everything the feature store holds of one student, oldest period first."""

    student_id: str
    observations: tuple[Observation, ...]

    @property
    def latest(self) -> Observation:
        """The observation of the newest period."""
        return self.observations[-1]

    def in_period(self, period: str) -> Observation | None:
        """The observation of that period, or None."""
        return next((o for o in self.observations if o.period == period), None)

    def before(self, period: str) -> tuple[Observation, ...]:
        """Observations of earlier periods, oldest first: all that longitudinal features may see."""
        return tuple(o for o in self.observations if o.period < period)
