"""What is measured, one truth over all workers of the host.

Each worker writes into memory-mapped files of its own slot, and any worker can add them up, so it
does not matter which one Prometheus happens to reach.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from model.prediction import Prediction

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0)


def prepare(folder: Path, slot: int, *, first: bool) -> None:
    """Points the metrics of this process at its slot's files; before any metric is made.

    Args:
        folder: where the files are.
        slot: this worker's number.
        first: no other worker is alive, so what is there is of an earlier start.
    """
    if first:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    # As prometheus_client advises for uWSGI: a number that a worker's successor takes over.
    values.ValueClass = values.MultiProcessValue(  # type: ignore[no-untyped-call]
        process_identifier=lambda: slot
    )
    mark_process_dead(slot, str(folder))  # type: ignore[no-untyped-call]


Served = tuple[str, str, str]
"""Version, label and status of predictions that are counted together."""


class HostMetrics:
    """The metrics of this worker, each with the task it is about.

    Args:
        folder: as `prepare` was given it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        registry = CollectorRegistry()
        self.refused = Counter(
            "farol_refused",
            "Calls of /predict refused, by status.",
            ["task", "status"],
            registry=registry,
        )
        self.predictions = Counter(
            "farol_predictions",
            "Predictions served and safely kept.",
            ["task", "model_version", "risk_label", "status"],
            registry=registry,
        )
        self.latency = Histogram(
            "farol_predict_seconds",
            "From the request's body to the answer, the record safely kept.",
            ["task"],
            buckets=SECONDS,
            registry=registry,
        )
        self.imputed = Counter(
            "farol_imputed_values", "Features that were filled in.", ["task"], registry=registry
        )
        self.unseen = Counter(
            "farol_unseen_values",
            "Of those filled in, categories that the version never saw.",
            ["task"],
            registry=registry,
        )
        self.labels = Counter(
            "farol_labels", "Outcomes received.", ["task", "status"], registry=registry
        )
        self.outbox_rows = Gauge(
            "farol_outbox_rows",
            "Predictions waiting for the registry.",
            ["task"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.outbox_failed = Gauge(
            "farol_outbox_failed",
            "1 while a worker's outbox takes no record: its disk is full, say.",
            ["task"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.home_free = Gauge(
            "farol_home_free_bytes",
            "Free space of the disk that FAROL_HOME is on.",
            registry=registry,
            multiprocess_mode="livemin",
        )
        self.degraded = Gauge(
            "farol_champion_degraded",
            "1 while the version that should serve is quarantined.",
            ["task"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.provisional = Gauge(
            "farol_champion_provisional",
            "1 while the champion serves although guards of a first model objected.",
            ["task"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.generation = Gauge(
            "farol_champion_generation",
            "Champions each worker has had.",
            ["task", "slot"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.waiting = Gauge(
            "farol_approval_waiting",
            "Versions that wait for a person to approve them.",
            ["task"],
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self.champion = Gauge(
            "farol_champion_info",
            "Workers that serve a version.",
            ["task", "model_version"],
            registry=registry,
            multiprocess_mode="livesum",
        )

    def reserve(self, slot: int) -> None:
        """Gives the files of this slot their blocks; once the metrics of every task are made.

        They are memory-mapped: a page that a full disk has no block for would end the process.

        Raises:
            OSError: the disk is full already.
        """
        for path in self._folder.glob(f"*_{slot}.db"):
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)

    def page(self) -> bytes:
        """All workers' metrics as Prometheus text."""
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self._folder))  # type: ignore[no-untyped-call]
        return generate_latest(registry)


class Metrics:
    """The metrics of this worker about one task.

    Args:
        host: where they are kept.
        task: the task's name.
        slot: this worker's number.
    """

    def __init__(self, host: HostMetrics, task: str, slot: int) -> None:
        self.host = host
        self.latency = host.latency.labels(task)
        self.outbox_rows = host.outbox_rows.labels(task)
        self.outbox_failed = host.outbox_failed.labels(task)
        self.degraded = host.degraded.labels(task)
        self.provisional = host.provisional.labels(task)
        self.generation = host.generation.labels(task, str(slot))
        self.waiting = host.waiting.labels(task)
        self._imputed = host.imputed.labels(task)
        self._unseen = host.unseen.labels(task)
        self._task = task
        self._serving: str | None = None
        self._served: dict[Served, int] = {}
        self._new_imputed = 0
        self._new_unseen = 0

    def refuse(self, status: int) -> None:
        """Counts a call of `/predict` that was refused."""
        self.host.refused.labels(self._task, str(status)).inc()

    def labelled(self, status: str, number: int) -> None:
        """Counts outcomes by what became of them."""
        self.host.labels.labels(self._task, status).inc(number)

    def served(self, prediction: Prediction) -> None:
        """Counts a prediction that was answered; `flush` makes it visible."""
        key = (prediction.model_version, prediction.risk_label, prediction.status)
        self._served[key] = self._served.get(key, 0) + 1
        self._new_imputed += len(prediction.imputed)
        self._new_unseen += len(prediction.unseen)

    def served_file(self, counts: Mapping[Served, int], imputed: int, unseen: int) -> None:
        """Counts predictions of a file together, as `served` does each.

        Args:
            counts: version, label and status to their number.
            imputed: values that were filled in.
            unseen: of those, categories that the version never saw.
        """
        for key, number in counts.items():
            self._served[key] = self._served.get(key, 0) + number
        self._new_imputed += imputed
        self._new_unseen += unseen

    def flush(self) -> None:
        """Adds what was counted since the last flush: cheaper than once a prediction."""
        served, self._served = self._served, {}
        for labels, number in served.items():
            self.host.predictions.labels(self._task, *labels).inc(number)
        self._imputed.inc(self._new_imputed)
        self._unseen.inc(self._new_unseen)
        self._new_imputed = self._new_unseen = 0

    def serve(self, version: str | None) -> None:
        """Says which version this worker serves."""
        if version == self._serving:
            return
        if self._serving is not None:
            self.host.champion.labels(self._task, self._serving).set(0)
        if version is not None:
            self.host.champion.labels(self._task, version).set(1)
        self._serving = version


def retire(folder: Path, slot: int) -> None:
    """Takes the momentary values of a worker that is gone out of the sums."""
    mark_process_dead(slot, str(folder))  # type: ignore[no-untyped-call]
