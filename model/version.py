"""A registered model version: what it is, where it came from, how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from model.prediction import Thresholds

Metrics = Mapping[str, float]
"""Metric name to value: `recall`, `precision`, `flagged`, `auc`, `average_precision`, `brier`..."""


@dataclass(frozen=True, slots=True)
class Window:
    """The labelled records a model was trained on.

    Attributes:
        periods: feature periods, oldest first.
        rows: labelled records.
        positives: how many of them were at risk (0 for a numeric task).
        digest: SHA-256 over the sorted record ids.
        arrived_until: the run's `now`: later labels were not seen.
    """

    periods: tuple[str, ...]
    rows: int
    positives: int
    digest: str
    arrived_until: datetime


@dataclass(frozen=True, slots=True)
class Lineage:
    """What it takes to make the same version again."""

    run_id: str
    seed: int
    parent: str | None
    code_version: str
    libraries: Mapping[str, str]
    leakage_override: str | None = None


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One immutable version.

    Attributes:
        version: its name, `v<number>`.
        number: 1, 2, 3... without gaps.
        task: the TaskSpec's name.
        family: the candidate's name, `random_forest` say.
        metrics: measured on students this very model did not train on; `metrics_on` says which.
        reference: the training profile that drift is measured against, one entry a feature.
        artifact: SHA-256 of the bundle archive.
        trained_on: SHA-256 of the artifact that lists the hashed ids of the training records.
        signature: HMAC of `artifact`, hex.
        candidates: every family tried, with its validation figures.
        fairness: per protected attribute and group.
    """

    version: str
    number: int
    task: str
    family: str
    created_at: datetime
    params: Mapping[str, Any]
    metrics: Metrics
    metrics_on: str
    thresholds: Thresholds
    window: Window
    lineage: Lineage
    features: tuple[str, ...]
    reference: Mapping[str, Any]
    artifact: str
    trained_on: str
    signature: str
    candidates: tuple[Mapping[str, Any], ...] = ()
    fairness: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that points to a version, `champion` say; moved only by compare-and-set.

    `revision` is 1 for the first pointing and grows by one with each move.
    """

    alias: str
    version: str
    revision: int
    since: datetime
