"""What is measured, one truth over all workers of the host.

Each worker writes into memory-mapped files of its own slot, and any worker can add them up, so it
does not matter which one Prometheus happens to reach.
"""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from api.metrics import declared
from api.metrics.files import BEGAN
from api.metrics.snapshot import SnapshotCollector


class HostMetrics:
    """The metrics of this worker, each with the task it is about.

    Args:
        folder: as `api.metrics.files.prepare` was given it.

    Attributes:
        since: when the host's counters began, in seconds since 1970.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.since = (folder / BEGAN).stat().st_mtime
        registry = CollectorRegistry()
        self.refused = declared.REFUSED.made(registry)
        self.predictions = declared.PREDICTIONS.made(registry)
        self.latency = declared.LATENCY.made(registry)
        self.requests = declared.REQUESTS.made(registry)
        self.request_seconds = declared.REQUEST_SECONDS.made(registry)
        self.limited = declared.LIMITED.made(registry)
        self.imputed = declared.IMPUTED.made(registry)
        self.unseen = declared.UNSEEN.made(registry)
        self.labels = declared.LABELS.made(registry)
        self.outbox_rows = declared.OUTBOX_ROWS.made(registry)
        self.outbox_failed = declared.OUTBOX_FAILED.made(registry)
        self.home_free = declared.HOME_FREE.made(registry)
        self.registry_bytes = declared.REGISTRY_BYTES.made(registry)
        self.registry_outgrown = declared.REGISTRY_OUTGROWN.made(registry)
        self.degraded = declared.DEGRADED.made(registry)
        self.provisional = declared.PROVISIONAL.made(registry)
        self.generation = declared.GENERATION.made(registry)
        self.champion = declared.CHAMPION.made(registry)
        self.load_seconds = declared.LOAD_SECONDS.made(registry)
        self.started = declared.STARTED.made(registry)

    def reserve(self, slot: int) -> None:
        """Gives the files of this slot their blocks; once the metrics of every task are made.

        They are memory-mapped: a page that a full disk has no block for would end the process.

        Raises:
            OSError: the disk is full already.
        """
        for path in self.folder.glob(f"*_{slot}.db"):
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)

    def page(self) -> bytes:
        """All workers' metrics and what was read from the registry, as Prometheus text."""
        return generate_latest(self._all())

    def families(self) -> list[Metric]:
        """The same, as Prometheus's client collects it."""
        return [*self._all().collect()]

    def _all(self) -> CollectorRegistry:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self.folder))  # type: ignore[no-untyped-call]
        registry.register(SnapshotCollector(self.folder))
        return registry
