"""What is told of a run, a version and a drift report: pure, and of nobody.

Figures of fewer than ten records are withheld as the API withholds them; what a person wrote, and
who asked for something, is not told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Any

from api.withheld.records import shown_report, shown_version
from model.drift import DriftReport
from model.promotion import Promotion, of_run
from model.run import Run, RunStatus
from model.units.disclosure import FEWEST_SHOWN, split
from model.version import ModelVersion

LONGEST_PARAM = 500
LONGEST_TEXT = 4_000
"""Of a parameter and of a tag that every store of MLflow takes."""

FAILED = frozenset({RunStatus.FAILED, RunStatus.ABANDONED})
OPEN = frozenset({RunStatus.QUEUED, RunStatus.RUNNING})
DAY = 86_400
_NOT_IN_A_NAME = re.compile(r"[^\w\-./ ]", re.ASCII)

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """One run of MLflow.

    Attributes:
        key: what it is known by again, `version v3` say.
        name: what people read.
        started: aware UTC.
        ended: aware UTC.
        failed: it did not come to its end.
        params: what it was made with.
        metrics: what was measured.
        tags: what else is told; all names begin with `farol.`.
        note: the description, in Markdown.
    """

    key: str
    name: str
    started: datetime
    ended: datetime
    failed: bool = False
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Figures = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class DriftPoint:
    """One drift report as points of curves.

    Attributes:
        at: when it was made (aware UTC).
        step: days since 1970, so that curves of several versions lie on one axis.
        records: that were compared.
    """

    at: datetime
    step: int
    records: int
    metrics: Figures


def version_key(version: str) -> str:
    """What the run of a version is known by."""
    return f"version {version}"


def drift_key(version: str) -> str:
    """What the run that holds a version's drift is known by."""
    return f"drift {version}"


def of_version(version: ModelVersion, run: Run | None) -> TrackedRun:
    """A version with what it was made with and how good it is.

    Args:
        version: as it is registered.
        run: that made it; None where the registry no longer keeps it.
    """
    shown = shown_version(version)
    started = version.created_at if run is None else run.started_at or run.requested_at
    return TrackedRun(
        key=version_key(version.version),
        name=version.version,
        started=min(started, version.created_at),
        ended=version.created_at,
        params={name: value[:LONGEST_PARAM] for name, value in _params(shown)},
        metrics=finite(_metrics(shown)),
        tags=_version_tags(shown, run),
        note="" if run is None else _listed(run.reasons),
    )


def of_version_now(version: str, decisions: Sequence[Promotion]) -> Mapping[str, str]:
    """The tags of a version that may still change: what was decided about it.

    Args:
        version: its name.
        decisions: about it, newest first.
    """
    found = {}
    by_run = of_run(decisions)
    if by_run is not None:
        found["farol.decision"] = by_run.status.value
    if decisions:
        newest = decisions[0]
        found["farol.last_decision"] = f"{newest.action}: {newest.status.value}"
    return found


def of_run_alone(run: Run, task: str) -> TrackedRun:
    """A run that made no version."""
    return TrackedRun(
        key=f"run {run.run_id}",
        name=run.run_id,
        started=run.started_at or run.requested_at,
        ended=run.finished_at or run.requested_at,
        failed=run.status in FAILED,
        tags=_run_tags(run) | {"farol.task": task},
        note=_listed((*run.reasons, *((run.error,) if run.error else ()))),
    )


def of_drift(version: ModelVersion) -> TrackedRun:
    """What holds the curves of a version's drift reports."""
    return TrackedRun(
        key=drift_key(version.version),
        name=f"drift of {version.version}",
        started=version.created_at,
        ended=version.created_at,
        tags={"farol.task": version.task, "farol.version": version.version},
    )


def drift_point(report: DriftReport) -> DriftPoint | None:
    """A report's figures; None where nothing was compared, or of fewer than ten records."""
    if not report.compared or report.rows < FEWEST_SHOWN:
        return None
    shown = shown_report(report)
    found: dict[str, float] = {}
    for one in shown.features:
        found[f"effect/{one.feature}.{one.test}"] = one.effect
        found[f"psi/{one.feature}"] = one.psi
        found[f"missing/{one.feature}"] = one.missing
    found |= {f"estimated/{name}": value for name, value in shown.estimated.items()}
    found |= {f"realised/{name}": value for name, value in shown.realised.items()}
    found["drifted_features"] = len(shown.drifted_features)
    return DriftPoint(report.at, int(report.at.timestamp()) // DAY, report.rows, finite(found))


def finite(figures: Mapping[str, Any]) -> dict[str, float]:
    """The figures that are numbers, by names that MLflow takes.

    >>> finite({"auc": 0.8, "psi/a:b": 1, "r2": float("nan"), "told": "x", "yes": True})
    {'auc': 0.8, 'psi/a_b': 1.0}
    """
    return {
        _NOT_IN_A_NAME.sub("_", name): float(value)
        for name, value in figures.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    }


def _params(version: ModelVersion) -> Iterator[tuple[str, str]]:
    window, lineage = version.window, version.lineage
    yield "family", version.family
    yield from ((f"family.{name}", str(value)) for name, value in version.params.items())
    yield "seed", str(lineage.seed)
    yield "parent", lineage.parent or "none"
    if lineage.continued_from:
        yield "continued_from", lineage.continued_from
    yield "periods", ", ".join(window.periods)
    if window.rows >= FEWEST_SHOWN:
        yield "rows", str(window.rows)
    if window.positives and min(split(window.rows, window.positives)) >= FEWEST_SHOWN:
        yield "positives", str(window.positives)
    yield "features", str(len(version.features))


def _metrics(version: ModelVersion) -> dict[str, Any]:
    cuts = version.thresholds
    found: dict[str, Any] = {
        **version.metrics,
        "thresholds/operating": cuts.operating,
        "thresholds/alert": cuts.alert,
        "thresholds/critical": cuts.critical,
    }
    found |= {f"fairness_gap/{name}": gap for name, gap in version.fairness_gaps.items()}
    for one in version.candidates:
        name = f"{one['family']}{' tuned' if one.get('tuned') else ''}"
        found |= {f"candidates/{name}.{key}": value for key, value in one.items()}
    return found


def _version_tags(version: ModelVersion, run: Run | None) -> dict[str, str]:
    lineage = version.lineage
    told = {
        "version": version.version,
        "task": version.task,
        "family": version.family,
        "metrics_on": version.metrics_on,
        "bundle": version.bundle,
        "artifact": version.artifact,
        "window": version.window.digest,
        "recipe": version.recipe,
        "run_id": lineage.run_id,
        "code_version": lineage.code_version,
        "features": ", ".join(version.features),
        "libraries": ", ".join(f"{name} {found}" for name, found in lineage.libraries.items()),
    }
    tags = {f"farol.{name}": text[:LONGEST_TEXT] for name, text in told.items() if text}
    return tags if run is None else tags | _run_tags(run)


def _run_tags(run: Run) -> dict[str, str]:
    tags = {"farol.run_id": run.run_id, "farol.status": run.status.value}
    if run.cause is not None:
        tags["farol.trigger"] = run.cause.trigger.value
    return tags


def _listed(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)[:LONGEST_TEXT]
