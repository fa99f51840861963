"""A registered model version: what it is, where it came from, how good it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from model.dropped import DroppedStudy
from model.errors import BundleError
from model.figures import AtK, ClassFigures, RecallTarget
from model.lists.finds import LaneCurve
from model.prediction import Thresholds
from model.risk_interval import HeldOutMap
from model.statuses import StatusFigures
from model.trust.statement import Statement
from model.units.tested import VersionByUnit

Metrics = Mapping[str, float]
"""Metric name to value: `recall`, `precision`, `flagged`, `auc`, `average_precision`, `brier`..."""

_NAME = re.compile(r"v[1-9][0-9]{0,8}")
_SHOWN = 40


def is_version_name(name: object) -> bool:
    """Whether something is a `v<number>`: ASCII digits, at most nine, no leading zero.

    >>> is_version_name("v12"), is_version_name("v01"), is_version_name("../v1")
    (True, False, False)
    """
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def version_name(name: str) -> str:
    """The name itself; whatever is made of it, a path say, is made after this.

    Raises:
        BundleError: it is not `v<number>`.
    """
    if not is_version_name(name):
        raise BundleError(
            f"{repr(name)[:_SHOWN]} is not the name of a model version; "
            "versions are named v1, v2, ..."
        )
    return name


@dataclass(frozen=True, slots=True)
class Window:
    """The labelled records a model was trained on.

    Attributes:
        periods: feature periods, oldest first.
        rows: labelled records.
        positives: how many of them were at risk (0 for a numeric task).
        digest: SHA-256 over the sorted record ids.
        arrived_until: the run's `now`: later labels were not seen.
        left_out: period to older labelled records that `training.window` had no room for.
    """

    periods: tuple[str, ...]
    rows: int
    positives: int
    digest: str
    arrived_until: datetime
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lineage:
    """What it takes to make the same version again.

    Attributes:
        without_erased: from how many students who were erased since the champion had learned that
            it was trained to replace; 0 for every other version.
        continued_from: the version that it went on from; empty of every other.
        trees_kept: how many of its trees are that one's; 0 where there are none.
    """

    run_id: str
    seed: int
    parent: str | None
    code_version: str
    libraries: Mapping[str, str]
    leakage_override: str | None = None
    without_erased: int = 0
    continued_from: str = ""
    trees_kept: int = 0


@dataclass(frozen=True, slots=True)
class LeakageCheck:
    """What the leakage guard measured on the window, before the fit.

    Attributes:
        metric: `auc`, or `r2` for a numeric outcome.
        limit: a single feature that reaches this is refused unless the task accepts it.
        alone: feature to its own figure on students held back, accepted features included.
        together: the figure of the features that are not accepted together.
        accepted: feature that the task told the guard to accept, to the reason it gives.
        skipped: why nothing was measured; empty if it was.
    """

    metric: str
    limit: float
    alone: Mapping[str, float]
    together: float
    accepted: Mapping[str, str]
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class CardFiles:
    """The stored model card: SHA-256 of each form."""

    html: str
    markdown: str


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
        signature: of `statement`, hex.
        bundle: SHA-256 of the bundle's manifest; empty in versions of before it was signed.
        candidates: every family tried, with its validation figures.
        fairness: protected attribute to group to figures at the operating threshold, on the
            students of `metrics`, never on those it learned from.
        fairness_gaps: attribute to largest minus smallest recall among its groups that are large
            enough.
        leakage: what the leakage guard measured; None for versions of before it was kept.
        card: the model card; None for versions of before there were cards.
        statuses: whom each status meant on the students of `metrics`, with its precision; empty in
            versions of before it was kept.
        calibrated_on: SHA-256 of the artifact that lists the hashed ids of the records that a
            recalibration learned from; empty where the scorer's own training set the calibration.
        dropped: what each feature brings, the model fitted again without it; None for versions of
            before it was measured.
        recall_targets: what it costs to find so many of those at risk, on the students of
            `metrics`; empty for a numeric outcome and in versions of before it was kept.
        at_k: precision and recall among the k highest scores, for several k; the same.
        report: precision, recall and F1 of both classes at the operating threshold; the same.
        by_unit: for which units (schools) it was tested, and how it did there; None where the task
            has no units, or for versions of before they were kept.
        recipe: SHA-256 of what it was trained by (`training.recipe`); empty in versions of before
            it was kept.
        by_lane: how many of those at risk stand in the first shares of each lane, on the students
            of `metrics`; empty for a numeric outcome and in versions of before it was kept.
        keeps_records: whether its bundle holds training records, encoded; None in versions of
            before it was kept.
        held_out_map: how outcomes followed the scores on the students of `metrics`, from which
            figures are estimated before outcomes come; None of a numeric outcome, of few records
            and in versions of before it was kept.
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
    fairness_gaps: Mapping[str, float] = field(default_factory=dict)
    leakage: LeakageCheck | None = None
    card: CardFiles | None = None
    bundle: str = ""
    by_unit: VersionByUnit | None = None
    statuses: tuple[StatusFigures, ...] = ()
    calibrated_on: str = ""
    recipe: str = ""
    dropped: DroppedStudy | None = None
    recall_targets: tuple[RecallTarget, ...] = ()
    at_k: tuple[AtK, ...] = ()
    report: tuple[ClassFigures, ...] = ()
    held_out_map: HeldOutMap | None = None
    by_lane: tuple[LaneCurve, ...] = ()
    keeps_records: bool | None = None

    @property
    def statement(self) -> Statement:
        """What the signature covers."""
        return Statement(self.task, self.version, self.bundle, self.artifact, self.trained_on)

    def verify(self, key: bytes) -> None:
        """Accepts the signature, or raises.

        Raises:
            BundleError: the document is not as this installation signed it.
        """
        self.statement.verify(self.signature, key)


def resign(version: ModelVersion, task: str, key: bytes, *, bundle: str = "") -> ModelVersion:
    """The version signed with another key; whoever calls it trusts the document as it is.

    Args:
        version: the document.
        task: the installation's task; versions of another one are not signed for it.
        key: the installation's key.
        bundle: digest of the bundle (`model.archive.bundle_digest` of the archive), for versions
            of before it was signed.

    Raises:
        BundleError: of another task, or the bundle's digest is known from nowhere.
    """
    if version.task != task:
        raise BundleError(f"{version.version} is of task {version.task!r}, not {task!r}")
    named = replace(version, bundle=version.bundle or bundle)
    return replace(named, signature=named.statement.sign(key))


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that points to a version, `champion` say; moved only by compare-and-set.

    `revision` is 1 for the first pointing and grows by one with each move. `provisional` is that of
    the promotion which moved the champion here.
    """

    alias: str
    version: str
    revision: int
    since: datetime
    provisional: bool = False
