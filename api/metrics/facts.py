"""From what the registry holds of a task to its metrics: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from api.metrics import declared
from api.metrics.kinds import MetricSample
from database.leases import RELEASED
from model.drift import DriftReport
from model.run import Lease, RunOutline, RunStatus
from model.version import Alias
from model.watch.alarm import AlarmLevel, WatchState
from model.watch.job import JobState
from model.watch.job_figures import FIGURES
from model.watch.notice import Telling
from model.watch.performance import Degradation

MOST_ROWS = 200
"""Drift tests told of, the largest first: Prometheus keeps every one of them."""

BROKEN = frozenset({RunStatus.FAILED, RunStatus.ABANDONED})
OPEN = frozenset({RunStatus.QUEUED, RunStatus.RUNNING})


@dataclass(frozen=True, slots=True)
class LoopFacts:
    """What is read of a task's loop.

    Attributes:
        at: when (aware UTC).
        report: the newest drift report.
        alarms: what became of its and former checks' findings.
        runs: the newest runs, newest first.
        lease: the retraining worker's.
        jobs: what came of the retraining worker's.
        waiting: whether a version waits for approval.
        champion: where the alias points.
        when_made: the champion's own figures when it was made.
        degradations: figures of the champion that are worse than promised.
        labelled: of the newest predictions, the share with an outcome; None where there are none.
        orphans: outcomes that wait for their features.
        notices: how many notices there are of each state.
    """

    at: datetime
    report: DriftReport | None = None
    alarms: WatchState | None = None
    runs: Sequence[RunOutline] = ()
    lease: Lease | None = None
    jobs: Sequence[JobState] = ()
    waiting: bool = False
    champion: Alias | None = None
    when_made: Mapping[str, float] = field(default_factory=dict)
    degradations: Sequence[Degradation] = ()
    labelled: float | None = None
    orphans: int | None = None
    notices: Mapping[Telling, int] = field(default_factory=dict)


def samples_of(task: str, facts: LoopFacts) -> list[MetricSample]:
    """The metrics of a task."""
    return [
        declared.READ.sample(facts.at.timestamp(), task=task),
        declared.WAITING.sample(facts.waiting, task=task),
        *_of_champion(task, facts),
        *_of_drift(task, facts.report),
        *_of_alarms(task, facts.alarms),
        *(declared.NOTICES.sample(n, task=task, state=s.value) for s, n in facts.notices.items()),
        *_of_figures(task, facts),
        *_of_degradations(task, facts.degradations),
        *_of_runs(task, facts.runs),
        *_of_lease(task, facts.lease),
        *_of_jobs(task, facts.jobs),
        *_of_labels(task, facts),
    ]


def _of_champion(task: str, facts: LoopFacts) -> Iterator[MetricSample]:
    if facts.champion is not None:
        yield declared.CHAMPION_SINCE.sample(facts.champion.since.timestamp(), task=task)


def _of_drift(task: str, report: DriftReport | None) -> Iterator[MetricSample]:
    if report is None:
        return
    yield declared.DRIFT_CHECKED.sample(report.at.timestamp(), task=task)
    yield declared.DRIFT_COMPARED.sample(report.compared, task=task)
    yield declared.DRIFTED.sample(len(report.drifted_features), task=task)
    for row in report.by_strength[:MOST_ROWS]:
        yield declared.DRIFT_EFFECT.sample(
            row.times_limit, task=task, feature=row.feature, test=row.test
        )


def _of_alarms(task: str, state: WatchState | None) -> Iterator[MetricSample]:
    for level in AlarmLevel if state else ():
        number = len(state.at_level(level)) if state else 0
        yield declared.ALARMS.sample(number, task=task, level=level.value)


def _of_figures(task: str, facts: LoopFacts) -> Iterator[MetricSample]:
    """What the champion was to find and does find; a report of a former champion says neither."""
    report = facts.report
    current = report is not None and (
        facts.champion is not None and report.model_version == facts.champion.version
    )
    found = {
        "when_made": facts.when_made,
        "expected": report.estimated if report and current else {},
        "realised": report.realised if report and current else {},
    }
    for metric, name in ((declared.RECALL, "recall"), (declared.PRECISION, "precision")):
        for kind, figures in found.items():
            if name in figures:
                yield metric.sample(figures[name], task=task, kind=kind)


def _of_degradations(task: str, found: Sequence[Degradation]) -> Iterator[MetricSample]:
    for one in found:
        worse = abs(one.promised - one.measured)
        yield declared.WORSE.sample(worse, task=task, figure=one.metric.value)


def _of_runs(task: str, runs: Sequence[RunOutline]) -> Iterator[MetricSample]:
    counted = Counter((run.status, _requester(run)) for run in runs)
    for (status, requester), number in sorted(counted.items()):
        yield declared.RUNS.sample(number, task=task, status=status.value, requested_by=requester)
    ended = [run for run in runs if run.status not in OPEN]
    finished = [run.finished_at for run in ended if run.finished_at is not None]
    if finished:
        yield declared.RUN_FINISHED.sample(max(finished).timestamp(), task=task)
    if ended:
        well = (place for place, run in enumerate(ended) if run.status not in BROKEN)
        yield declared.RUNS_FAILED.sample(next(well, len(ended)), task=task)


def _requester(run: RunOutline) -> str:
    """Who asked for a run; the name of an API client is nobody else's to read."""
    return run.requested_by if run.requested_by in declared.REQUESTERS else "client"


def _of_lease(task: str, lease: Lease | None) -> Iterator[MetricSample]:
    if lease is None:
        return
    until = 0.0 if lease.expires_at == RELEASED else lease.expires_at.timestamp()
    yield declared.LEASE_EXPIRES.sample(until, task=task)
    yield declared.LEASE_DECLINED.sample(bool(lease.detail), task=task)


def _of_jobs(task: str, jobs: Sequence[JobState]) -> Iterator[MetricSample]:
    for job in jobs:
        for metric, figure in zip(declared.JOBS, FIGURES, strict=True):
            value = figure.of(job)
            if value is not None:
                yield metric.sample(float(value), task=task, duty=job.name)


def _of_labels(task: str, facts: LoopFacts) -> Iterator[MetricSample]:
    if facts.labelled is not None:
        yield declared.LABELLED.sample(facts.labelled, task=task)
    if facts.orphans is not None:
        yield declared.ORPHANS.sample(facts.orphans, task=task)
