"""What is answered about versions, runs and drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from api.answers.filled import Count
from model.drift import DriftReport
from model.dropped import DroppedStudy
from model.figures import AtK, ClassFigures, RecallTarget
from model.lists.finds import LaneCurve
from model.live.pointer import Quarantine
from model.prediction import Thresholds
from model.promotion import Promotion
from model.run import Run, RunStatus
from model.statuses import StatusFigures
from model.units.tested import VersionByUnit
from model.version import LeakageCheck, Lineage, Metrics, Window


class RegisteredFields(TypedDict):
    """What is registered of a version in short."""

    version: str
    number: int
    task: str
    family: str
    created_at: datetime
    metrics: Metrics
    metrics_on: str
    thresholds: Thresholds
    window: Window
    lineage: Lineage


class VersionSummary(RegisteredFields):
    """One version in short.

    Attributes:
        champion: whether it serves; absent where none does.
        provisional: whether it serves although guards of a first model objected.
    """

    champion: NotRequired[bool]
    provisional: NotRequired[bool]


class VersionsAnswer(TypedDict):
    """The versions, newest first."""

    champion: str | None
    models: Sequence[VersionSummary]


class VersionAnswer(VersionSummary):
    """Everything the registry knows of a version.

    Attributes:
        by_unit: for which units it was tested; null where the task has none.
        statuses: whom each status meant on the judged records, with its precision.
        dropped: what each feature brings, the model fitted again without it; null in versions of
            before it was measured.
        recall_targets: what it costs to find so many of those at risk.
        at_k: precision and recall among the k highest scores.
        by_lane: how many of those at risk stand in the first shares of each lane.
        report: precision, recall and F1 of both classes at the operating threshold.
        card: path of the model card.
        learned_from_erased: from how many students who were erased since it learned.
        keeps_records: whether its bundle holds training records, encoded and without ids; null in
            versions of before it was kept.
        decision: of the run that made the version.
        moved_by_hand: the newest move by a person.
        decisions: all, newest first.
    """

    learned_from_erased: Count
    keeps_records: bool | None
    params: Mapping[str, Any]
    features: Sequence[str]
    candidates: Sequence[Mapping[str, Any]]
    fairness: Mapping[str, Any]
    fairness_gaps: Mapping[str, float]
    by_unit: VersionByUnit | None
    statuses: Sequence[StatusFigures]
    dropped: DroppedStudy | None
    recall_targets: Sequence[RecallTarget]
    at_k: Sequence[AtK]
    by_lane: Sequence[LaneCurve]
    report: Sequence[ClassFigures]
    leakage: LeakageCheck | None
    card: str | None
    artifact: str
    decision: Promotion | None
    moved_by_hand: Promotion | None
    decisions: Sequence[Promotion]


class LocalModelAnswer(TypedDict):
    """The champion while the registry does not answer: what this worker knows of it.

    Attributes:
        provisional: it serves although guards of a first model objected.
        quarantined: the version that was refused, if there is one.
    """

    version: str
    task: str
    family: str
    thresholds: Thresholds
    model_version: str
    features: Sequence[str]
    revision: int
    provisional: bool
    generation: Count
    quarantined: Quarantine | None
    registry: Literal["unavailable"]


class ModelAnswer(RegisteredFields):
    """The champion.

    Attributes:
        provisional: it serves although guards of a first model objected.
        quarantined: the version that was refused, if there is one.
    """

    model_version: str
    features: Sequence[str]
    revision: int
    provisional: bool
    generation: Count
    quarantined: Quarantine | None


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
