"""What each route answers: the one declaration that handlers, OpenAPI page and tests share.

A handler builds the declared dictionary, mypy compares the two, orjson writes it, and the OpenAPI
page is made from the same class (`api.openapi`), so nothing is validated while a request waits.
A name that ends in `Answer` is a whole answer or a part that has a name of its own in the page;
`Fields` are shared by several. A record of `model` stands for itself: all its fields are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from api.durability.worker_slots import WorkerState
from model.drift import DriftReport
from model.explanation import Reason
from model.live import Quarantine
from model.prediction import RiskLabel, RiskStatus, Scale, Thresholds
from model.promotion import Promotion
from model.run import Run, RunStatus
from model.version import LeakageCheck, Lineage, Metrics, Window
from preprocessing.task.columns import Kind

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class ScoreFields(TypedDict, total=False):
    """The fields that carry a score; those of the task's scale are always there, no other is."""

    risk_score: Share
    predicted: float
    interval: tuple[float, float] | None


class AssessedFields(ScoreFields):
    """What a version makes of a record."""

    risk_label: RiskLabel
    status: RiskStatus
    known_weight: Annotated[
        Share | None,
        Field(
            description="Share of what the version's scores rest on that the record gave; null "
            "where the version does not know it."
        ),
    ]


class ExplainedFields(TypedDict):
    """Why a score is what it is."""

    base_value: Annotated[float, Field(description="The score of the average training record.")]
    reasons: Annotated[Sequence[Reason], Field(description="Strongest first.")]


class PredictionAnswer(AssessedFields):
    """One record's prediction."""

    prediction_id: str
    student_id: str | None
    period: str
    threshold: Annotated[float, Field(description="Where `high` begins.")]
    model_version: str
    imputed: Annotated[Sequence[str], Field(description="Features that were filled in.")]
    unseen: Annotated[
        Sequence[str],
        Field(
            description="Of those, the ones whose category the version never saw; the most "
            "frequent one was taken."
        ),
    ]
    latency_ms: float


class ExplainedAnswer(PredictionAnswer, ExplainedFields):
    """One record's prediction with its reasons: what `explain=true` asks for."""


class IndexedPrediction(PredictionAnswer):
    """The prediction for the record at `index` of a batch."""

    index: Count


class RecordError(TypedDict):
    """Why the record at `index` of a batch was not scored."""

    index: Count
    field: str
    detail: str


class BatchAnswer(TypedDict):
    """Predictions in the order of the records, and the records that were refused."""

    model_version: str
    predictions: Sequence[IndexedPrediction]
    errors: Sequence[RecordError]
    latency_ms: float


class RejectedLabel(TypedDict):
    """Why the outcome at `index` was not taken."""

    index: Count
    reason: str


class LabelsAnswer(TypedDict):
    """What became of the outcomes."""

    accepted: Count
    joined: Count
    orphaned: Count
    duplicate: Count
    corrected: Count
    early: Count
    rejected: Sequence[RejectedLabel]


class ListedStudent(AssessedFields, ExplainedFields):
    """A student who needs help, and why."""

    student_id: str
    period: str
    model_version: str


class StudentsAnswer(TypedDict):
    """A page of the list of students, most urgent first."""

    period: Annotated[str | None, Field(description="Null where nothing is known yet.")]
    model_version: str
    scale: Scale
    total: Annotated[Count, Field(description="Students on the whole list.")]
    limit: int
    offset: int
    counts: Annotated[Mapping[str, Count], Field(description="Students of the period by status.")]
    students: Sequence[ListedStudent]


class ErasureAnswer(TypedDict):
    """What was erased of a student."""

    student_id: str
    at: datetime
    deleted: Annotated[Mapping[str, Count], Field(description="Collection to documents.")]
    model_versions: Annotated[Sequence[str], Field(description="Those that trained on them.")]


class ReadmissionAnswer(TypedDict):
    """The student is taken again."""

    student_id: str
    at: datetime


class RegisteredFields(TypedDict):
    """Where a version comes from and how good it is."""

    number: int
    created_at: datetime
    metrics: Metrics
    metrics_on: str
    window: Window
    lineage: Lineage


class VersionSummary(RegisteredFields):
    """One version in short."""

    version: str
    task: str
    family: str
    thresholds: Thresholds
    champion: NotRequired[Annotated[bool, Field(description="Absent where none serves.")]]


class VersionsAnswer(TypedDict):
    """The versions, newest first."""

    champion: str | None
    models: Sequence[VersionSummary]


class VersionAnswer(VersionSummary):
    """Everything the registry knows of a version."""

    params: Mapping[str, Any]
    features: Sequence[str]
    candidates: Sequence[Mapping[str, Any]]
    fairness: Mapping[str, Any]
    fairness_gaps: Mapping[str, float]
    leakage: LeakageCheck | None
    card: Annotated[str | None, Field(description="Path of the model card.")]
    artifact: str
    decision: Annotated[Promotion | None, Field(description="Of the run that made the version.")]
    moved_by_hand: Annotated[Promotion | None, Field(description="The newest move by a person.")]
    decisions: Annotated[Sequence[Promotion], Field(description="All, newest first.")]


class ServedFields(TypedDict):
    """What a worker knows of the version it serves."""

    version: str
    model_version: str
    task: str
    family: str
    thresholds: Thresholds
    features: Sequence[str]
    revision: int
    generation: Count
    quarantined: Annotated[
        Quarantine | None, Field(description="The version that was refused, if there is one.")
    ]


class ModelAnswer(ServedFields, RegisteredFields):
    """The champion."""


class LocalModelAnswer(ServedFields):
    """The champion while the registry does not answer: what this worker knows of it."""

    registry: Literal["unavailable"]


class MoveAnswer(TypedDict):
    """The champion was moved by hand."""

    model_version: str
    version: str
    former: str | None
    revision: int | None
    reason: str


class ReloadAnswer(TypedDict):
    """What serves after the registry was looked at."""

    model_version: str
    quarantined: Quarantine | None


class QueuedAnswer(TypedDict):
    """The run that was asked for."""

    run_id: str
    status: RunStatus


class RunsAnswer(TypedDict):
    """Runs, newest first."""

    runs: Sequence[Run]


class DriftAnswer(TypedDict):
    """Drift reports, newest first."""

    reports: Sequence[DriftReport]


class Part(TypedDict):
    """The state of one part."""

    state: Literal["ok", "degraded", "failed", "down"]
    detail: NotRequired[str]


class ChampionPart(Part):
    """The model that is served, and the version that should be and cannot be trusted."""

    version: NotRequired[str]
    revision: NotRequired[int]
    generation: NotRequired[Count]
    quarantined: NotRequired[str]
    reason: NotRequired[str]


class OutboxPart(Part):
    """Predictions that wait for the registry."""

    rows: Count
    in_memory: Count


class WorkerPart(Part):
    """The worker that answers."""

    pid: int
    slot: int
    generation: Count
    leads: bool


class RetrainingPart(Part):
    """The retraining worker."""

    holder: NotRequired[str]


class Parts(TypedDict):
    """Every part of the installation."""

    registry: Part
    champion: ChampionPart
    outbox: OutboxPart
    worker: WorkerPart
    retraining: RetrainingPart


class HealthAnswer(TypedDict):
    """The parts and, on top, the whole."""

    status: Literal["ok", "degraded", "down"]
    ready: bool
    model_version: str | None
    parts: Parts
    workers: Sequence[WorkerState]


class LiveAnswer(TypedDict):
    """The worker runs."""

    status: Literal["ok"]


class ReadyAnswer(TypedDict):
    """Whether predictions are answered: by which version, or why not."""

    status: Literal["ok", "down"]
    model_version: NotRequired[str]
    detail: NotRequired[str]


class FeatureAnswer(TypedDict):
    """One feature of the task: bounds if it is numeric, else categories."""

    name: str
    kind: Kind
    description: str
    description_pt: str
    low: NotRequired[float | None]
    high: NotRequired[float | None]
    integer: NotRequired[bool]
    categories: NotRequired[Sequence[str]]


class OutcomeAnswer(TypedDict):
    """What the task predicts."""

    column: str
    kind: Literal["binary", "numeric"]
    horizon: Count
    description: str


class TaskStatusAnswer(TypedDict):
    """Where the task's statuses begin; the three in the middle only of a numeric outcome."""

    scale: Scale
    concern: NotRequired[Literal["low", "high"]]
    alert: NotRequired[float]
    critical: NotRequired[float]
    min_known_weight: Share


class TaskAnswer(TypedDict):
    """The task."""

    task: str
    title: str
    title_pt: str
    description: str
    features: Sequence[FeatureAnswer]
    outcome: OutcomeAnswer
    status: TaskStatusAnswer
