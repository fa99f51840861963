"""What is answered about the installation and its task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from api.answers.filled import Count, Share
from api.durability.worker_slots import WorkerState
from model.prediction import Scale
from model.student import Value
from preprocessing.task.columns import Direction, Kind


class Part(TypedDict):
    """The state of one part."""

    state: Literal["ok", "degraded", "failed", "down"]
    detail: NotRequired[str]


class RegistryPart(Part):
    """The registry; the other fields are told of the embedded one.

    Attributes:
        bytes: of its largest database.
        limit_bytes: up to which it was measured.
        outgrown: whether it is larger; it works on, and `detail` says how to move.
    """

    bytes: NotRequired[Count]
    limit_bytes: NotRequired[Count]
    outgrown: NotRequired[bool]


class ChampionPart(Part):
    """The model that is served, and the version that should be and cannot be trusted.

    Attributes:
        provisional: it serves although guards of a first model objected.
    """

    version: NotRequired[str]
    revision: NotRequired[int]
    generation: NotRequired[Count]
    provisional: NotRequired[bool]
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


class ApprovalPart(Part):
    """The version that waits for a person; no field of its own where none does."""

    version: NotRequired[str]
    since: NotRequired[datetime]
    expires_at: NotRequired[datetime]


class JobHealth(TypedDict):
    """One job of the retraining worker.

    Attributes:
        job: its name, followed by `@` and the host where each host has its own.
        ok: how it ended last; null before it ever has.
        failures: in a row.
        result: what was done when it last succeeded.
        detail: why it failed, or what it waits for.
    """

    job: str
    next_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    ok: bool | None
    failures: Count
    result: str
    detail: str


class JobsPart(Part):
    """What the retraining worker does for the task; degraded while a job fails."""

    jobs: Sequence[JobHealth]


class TokensPart(Part):
    """The keys of the identity provider, where tokens are believed."""

    keys: NotRequired[Count]
    read_at: NotRequired[datetime]


class Parts(TypedDict):
    """Every part of the installation."""

    registry: RegistryPart
    champion: ChampionPart
    outbox: OutboxPart
    worker: WorkerPart
    retraining: RetrainingPart
    approval: ApprovalPart
    jobs: JobsPart
    tokens: TokensPart


class TaskHealth(TypedDict):
    """A task in short."""

    status: Literal["ok", "degraded", "down"]
    ready: bool
    model_version: str | None


class HealthAnswer(TaskHealth):
    """The parts and, on top, the whole; `tasks` where the path names none."""

    parts: Parts
    workers: Sequence[WorkerState]
    tasks: NotRequired[Mapping[str, TaskHealth]]


class LiveAnswer(TypedDict):
    """The worker runs."""

    status: Literal["ok"]


class ReadyAnswer(TypedDict):
    """Whether predictions are answered: by which version, or why not."""

    status: Literal["ok", "down"]
    model_version: NotRequired[str]
    detail: NotRequired[str]


class FeatureFields(TypedDict):
    """One feature of the task.

    Attributes:
        label: what people call it.
        influenced: whether a school can do something about it.
        monotone: 1 where more of it never lowers what is predicted, -1 where it never raises it.
        middle: the median of the students that the champion learned from, or their most frequent
            category; null without a champion, and of what it does not use. To a key for some units
            the median of their students in the newest period; null of fewer than ten.
    """

    name: str
    kind: Kind
    label: str
    label_pt: str
    description: str
    description_pt: str
    influenced: bool
    monotone: Direction
    middle: Value | None


class NumericFeature(FeatureFields):
    """A number; its bounds are inclusive, null where there is none."""

    low: float | None
    high: float | None
    integer: bool


class CategoryFeature(FeatureFields):
    """One of some words; of any, where none is listed."""

    categories: Sequence[str]


class DerivedFeature(TypedDict):
    """A number that is worked out from features, for the model; nobody sends it.

    Attributes:
        formula: of the features' names.
        middle: as of a feature.
    """

    name: str
    label: str
    label_pt: str
    formula: str
    monotone: Direction
    description: str
    description_pt: str
    middle: float | None


class TaskOutcome(TypedDict):
    """What the task predicts."""

    column: str
    kind: Literal["binary", "numeric"]
    horizon: Count
    description: str


class TaskCutoffs(TypedDict):
    """Where the task's statuses begin; the three in the middle only of a numeric outcome."""

    scale: Scale
    concern: NotRequired[Literal["low", "high"]]
    alert: NotRequired[float]
    critical: NotRequired[float]
    min_known_weight: Share


class ListedIntervention(TypedDict):
    """A kind of help that the school gives.

    Attributes:
        dose_unit: what a dose counts.
    """

    name: str
    label: str
    label_pt: str
    dose_unit: str
    dose_unit_pt: str


class TaskAnswer(TypedDict):
    """The task.

    Attributes:
        derived: what reasons may name besides features.
        units: where a student is; optional fields of a record, that no model sees.
        interventions: the kinds of help; any other is taken where none is listed.
        unique_within: `unit` where each school numbers its own students.
    """

    task: str
    title: str
    title_pt: str
    description: str
    features: Sequence[NumericFeature | CategoryFeature]
    derived: Sequence[DerivedFeature]
    units: Sequence[NumericFeature | CategoryFeature]
    unique_within: Literal["unit"] | None
    outcome: TaskOutcome
    status: TaskCutoffs
    interventions: Sequence[ListedIntervention]


class ListedTask(TypedDict):
    """One task of this installation, and the path before all of its calls."""

    task: str
    title: str
    title_pt: str
    default: bool
    path: str
    model_version: str | None


class TasksAnswer(TypedDict):
    """The tasks that the key is for, the default one first."""

    tasks: Sequence[ListedTask]
