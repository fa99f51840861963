"""What Farol answers, as far as this client reads it.

`tests/deployment/clients` compares each with Farol's OpenAPI page: a field more, less or of
another type is a fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

RiskLabel = Literal["high", "low"]
RiskStatus = Literal["critical", "alert", "expected", "insufficient"]
ActionKind = Literal["seen", "acted", "not_useful"]
Record = Mapping[str, Any]
"""A record: any of the task's features by name, with `student_id`, `period` and units."""


class ScoreFieldsRead(TypedDict):
    """A score: of a task with risks `risk_score`, of a numeric one `predicted` and `interval`."""

    risk_score: NotRequired[float]
    predicted: NotRequired[float]
    interval: NotRequired[Sequence[float] | None]
    risk_label: RiskLabel
    status: RiskStatus
    known_weight: float | None


class ScoredRecord(ScoreFieldsRead):
    """The prediction for one record."""

    prediction_id: str
    student_id: str | None
    period: str
    threshold: float
    model_version: str
    imputed: Sequence[str]
    unseen: Sequence[str]
    latency_ms: float


class IndexedRecord(ScoredRecord):
    """The same, with the record's place in what was sent."""

    index: int


class FeatureReason(TypedDict):
    """What a feature contributes to a score."""

    feature: str
    value: float | str | None
    contribution: float


class ExplainedRecord(ScoredRecord):
    """The prediction for one record with its reasons, strongest first."""

    base_value: float
    reasons: Sequence[FeatureReason]
    risk_interval: Sequence[float] | None


class RefusedField(TypedDict):
    """What is wrong with a field."""

    field: str
    detail: str


class RefusedRecord(TypedDict):
    """A record that was not scored, by its place in what was sent."""

    index: int
    field: str
    detail: str
    errors: Sequence[RefusedField]


class BatchRead(TypedDict):
    """The predictions for up to 1,000 records."""

    model_version: str
    predictions: list[IndexedRecord]
    errors: list[RefusedRecord]
    latency_ms: float


class RejectedOutcome(TypedDict):
    """An outcome that was not taken, by its place in what was sent."""

    index: int
    reason: str


class OutcomesRead(TypedDict):
    """What became of outcomes."""

    accepted: int
    joined: int
    orphaned: int
    duplicate: int
    corrected: int
    early: int
    rejected: list[RejectedOutcome]


class ActionRead(TypedDict):
    """What was done on seeing a student."""

    action_id: str
    student_id: str
    period: str
    kind: ActionKind
    note: str
    next_on: str | None
    at: str
    by: str
    unit: str


class HelpRead(TypedDict):
    """The help that a student gets."""

    intervention_id: str
    student_id: str
    kind: str
    start: str
    end: str | None
    dose: float | None
    note: str
    at: str
    by: str
    unit: str


class ListedTaskRead(TypedDict):
    """A task of the installation."""

    task: str
    title: str
    title_pt: str
    default: bool
    path: str
    model_version: str | None
