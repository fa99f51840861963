"""Every metric there is, declared once: made, written and checked against rules from here.

A rule of `deployment/prometheus` or a panel of `deployment/boards` that names another metric,
label or value is named by `tests/deployment/test_watching.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from api.limits.kinds import CallLimit
from api.metrics.kinds import (
    CountedMetric,
    DeclaredMetric,
    MomentaryMetric,
    RegistryMetric,
    TimedMetric,
)
from api.operation import REFUSALS
from model.label import JoinStatus
from model.prediction import RiskLabel, RiskStatus
from model.run import RunStatus
from model.watch import job_figures
from model.watch.alarm import AlarmLevel
from model.watch.notice import Telling
from model.watch.performance import Measure

SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0)
ROUTE_SECONDS = (0.1, 1.0, 10.0)
"""Few, because every route has them; /predict has its own."""

PREDICT = "predict"
"""The operation of the front door, which no router sees."""

NO_ROUTE = "none"
"""The operation of a call that no route takes."""


def _texts(values: Iterable[object]) -> frozenset[str]:
    return frozenset(map(str, values))


PREDICT_STATUSES = _texts((400, 401, 403, 408, 409, 410, 413, 422, 429, 500, 503))
"""Why `/predict` refuses. 503 is too much at once for all; 429 too much of one key."""

STATUSES = _texts((200, 202, 206, 304, 307, 405, 416, 500, *REFUSALS))
REQUESTERS = frozenset({"schedule", "drift", "labels", "recall", "cli", "client"})
"""Who asked for a run; `client` is one of the API's, whose name is not told here."""

FIGURES = frozenset({"when_made", "expected", "realised"})

REFUSED = CountedMetric(
    "farol_refused",
    "Calls of /predict refused, by status.",
    ("task", "status"),
    {"status": PREDICT_STATUSES},
)
PREDICTIONS = CountedMetric(
    "farol_predictions",
    "Predictions served and safely kept.",
    ("task", "model_version", "risk_label", "status"),
    {"risk_label": _texts(RiskLabel), "status": _texts(RiskStatus)},
)
LATENCY = TimedMetric(
    "farol_predict_seconds",
    "From the request's body to the answer, the record safely kept.",
    ("task",),
    buckets=SECONDS,
)
REQUESTS = CountedMetric(
    "farol_requests",
    "Calls answered, by operation (as docs/serving.md names them) and status.",
    ("task", "operation", "status"),
    {"status": STATUSES},
)
REQUEST_SECONDS = TimedMetric(
    "farol_request_seconds",
    "From a call to the end of its answer; of every operation but predict, which has its own.",
    ("task", "operation"),
    buckets=ROUTE_SECONDS,
)
LIMITED = CountedMetric(
    "farol_limited",
    "Calls refused because there were too many of one key or address, by what.",
    ("limit",),
    {"limit": _texts(CallLimit)},
)
IMPUTED = CountedMetric("farol_imputed_values", "Features that were filled in.", ("task",))
UNSEEN = CountedMetric(
    "farol_unseen_values",
    "Of those filled in, categories that the version never saw.",
    ("task",),
)
LABELS = CountedMetric(
    "farol_labels", "Outcomes received.", ("task", "status"), {"status": _texts(JoinStatus)}
)
OUTBOX_ROWS = MomentaryMetric(
    "farol_outbox_rows", "Predictions waiting for the registry.", ("task",), mode="livesum"
)
OUTBOX_FAILED = MomentaryMetric(
    "farol_outbox_failed",
    "1 while a worker's outbox takes no record: its disk is full, say.",
    ("task",),
)
HOME_FREE = MomentaryMetric(
    "farol_home_free_bytes", "Free space of the disk that FAROL_HOME is on.", mode="livemin"
)
REGISTRY_BYTES = MomentaryMetric(
    "farol_registry_bytes",
    "Size of the embedded registry's largest database; 0 where the registry is elsewhere.",
    mode="livemax",
)
REGISTRY_OUTGROWN = MomentaryMetric(
    "farol_registry_outgrown",
    "1 while the embedded registry is larger than it was measured with.",
    mode="livemax",
)
DEGRADED = MomentaryMetric(
    "farol_champion_degraded", "1 while the version that should serve is quarantined.", ("task",)
)
PROVISIONAL = MomentaryMetric(
    "farol_champion_provisional",
    "1 while the champion serves although guards of a first model objected.",
    ("task",),
)
GENERATION = MomentaryMetric(
    "farol_champion_generation", "Champions each worker has had.", ("task", "slot")
)
CHAMPION = MomentaryMetric(
    "farol_champion_info",
    "Workers that serve a version.",
    ("task", "model_version"),
    mode="livesum",
)
LOAD_SECONDS = MomentaryMetric(
    "farol_champion_load_seconds",
    "How long each worker took to read, verify and try its champion.",
    ("task", "slot"),
)
STARTED = MomentaryMetric(
    "farol_worker_started_timestamp_seconds", "When each worker of the API started.", ("slot",)
)

READ = RegistryMetric(
    "farol_registry_read_timestamp_seconds",
    "When what follows was read from the registry.",
    ("task",),
)
WAITING = RegistryMetric(
    "farol_approval_waiting", "Versions that wait for a person to approve them.", ("task",)
)
CHAMPION_SINCE = RegistryMetric(
    "farol_champion_since_timestamp_seconds", "When the champion was promoted.", ("task",)
)
DRIFT_CHECKED = RegistryMetric(
    "farol_drift_checked_timestamp_seconds", "When drift was checked last.", ("task",)
)
DRIFT_COMPARED = RegistryMetric(
    "farol_drift_compared", "1 where the last drift check found a cohort to judge.", ("task",)
)
DRIFTED = RegistryMetric(
    "farol_drift_features", "Features that drifted, by the last drift check.", ("task",)
)
DRIFT_EFFECT = RegistryMetric(
    "farol_drift_effect_ratio",
    "Effect of a drift test divided by its limit, by the last drift check; from 1 on it is large.",
    ("task", "feature", "test"),
)
ALARMS = RegistryMetric(
    "farol_drift_alarms",
    "Features of the champion at each level of alarm.",
    ("task", "level"),
    {"level": _texts(AlarmLevel)},
)
NOTICES = RegistryMetric(
    "farol_notices",
    "What people are told, by how far telling it came.",
    ("task", "state"),
    {"state": _texts(Telling)},
)
RUNS = RegistryMetric(
    "farol_runs",
    "Of the newest 200 retraining runs, by how they ended and who asked.",
    ("task", "status", "requested_by"),
    {"status": _texts(RunStatus), "requested_by": REQUESTERS},
)
RUN_FINISHED = RegistryMetric(
    "farol_run_finished_timestamp_seconds", "When a retraining run ended last.", ("task",)
)
RUNS_FAILED = RegistryMetric(
    "farol_runs_failed_in_a_row",
    "Retraining runs that failed or were abandoned since one came to its end.",
    ("task",),
)
LEASE_EXPIRES = RegistryMetric(
    "farol_retraining_lease_expires_timestamp_seconds",
    "Until when the retraining worker holds the task; renewed every ten seconds for 35, 0 once it "
    "was given back.",
    ("task",),
)
LEASE_DECLINED = RegistryMetric(
    "farol_retraining_declined", "1 while a retraining worker refuses the task.", ("task",)
)
WORSE = RegistryMetric(
    "farol_champion_worse",
    "By how much a figure of the champion is worse than promised, beyond chance.",
    ("task", "figure"),
    {"figure": _texts(Measure)},
)
JOBS = tuple(
    RegistryMetric(f"farol_job_{figure.name}", figure.help, ("task", "duty"))
    for figure in job_figures.FIGURES
)
"""What is measured of each of the retraining worker's jobs; `job` is Prometheus's own label."""

LABELLED = RegistryMetric(
    "farol_labelled_share", "Of the newest 1,000 predictions, those with an outcome.", ("task",)
)
ORPHANS = RegistryMetric(
    "farol_labels_orphaned", "Outcomes that wait for the features they belong to.", ("task",)
)
RECALL = RegistryMetric(
    "farol_recall",
    "Recall of the champion: when it was made, as expected of its scores now, and on outcomes.",
    ("task", "kind"),
    {"kind": FIGURES},
)
PRECISION = RegistryMetric(
    "farol_precision", "Precision of the champion, as farol_recall.", ("task", "kind"),
    {"kind": FIGURES},
)  # fmt: skip

OF_WORKERS: tuple[CountedMetric | MomentaryMetric | TimedMetric, ...] = (
    REFUSED, PREDICTIONS, LATENCY, REQUESTS, REQUEST_SECONDS, LIMITED, IMPUTED, UNSEEN, LABELS,
    OUTBOX_ROWS, OUTBOX_FAILED, HOME_FREE, REGISTRY_BYTES, REGISTRY_OUTGROWN, DEGRADED,
    PROVISIONAL, GENERATION, CHAMPION, LOAD_SECONDS, STARTED,
)  # fmt: skip
"""What each worker measures itself."""

OF_REGISTRY: tuple[RegistryMetric, ...] = (
    READ, WAITING, CHAMPION_SINCE, DRIFT_CHECKED, DRIFT_COMPARED, DRIFTED, DRIFT_EFFECT, ALARMS,
    RUNS, RUN_FINISHED, RUNS_FAILED, LEASE_EXPIRES, LEASE_DECLINED, *JOBS, LABELLED, ORPHANS,
    RECALL, PRECISION, WORSE, NOTICES,
)  # fmt: skip
"""What one worker of the host reads from the registry."""

DECLARED: tuple[DeclaredMetric, ...] = (*OF_WORKERS, *OF_REGISTRY)
