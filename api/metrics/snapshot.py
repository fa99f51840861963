"""What one worker read from the registry, in a file of the host that any worker answers from.

A file and no gauges: what is not in the last reading (a feature that is gone, a run that aged out)
is not in the answer either, and a worker that no longer reads leaves nothing behind.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import orjson
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from api.metrics.declared import OF_REGISTRY
from api.metrics.kinds import MetricSample

PREFIX = "registry-"


def write_snapshot(folder: Path, task: str, samples: Sequence[MetricSample]) -> None:
    """Puts what was read of a task in the place of what was read before.

    Raises:
        OSError: the file cannot be written.
    """
    new = folder / f".{PREFIX}{task}.new"
    new.write_bytes(orjson.dumps([asdict(sample) for sample in samples]))
    new.replace(folder / f"{PREFIX}{task}.json")


def read_snapshots(folder: Path) -> Iterator[MetricSample]:
    """What was read last of every task; a file that cannot be read tells nothing."""
    for path in sorted(folder.glob(f"{PREFIX}*.json")):
        with contextlib.suppress(OSError, ValueError, TypeError):
            yield from [MetricSample(**one) for one in orjson.loads(path.read_bytes())]


class SnapshotCollector(Collector):
    """The registry metrics of a host, as they were read last.

    Args:
        folder: where the snapshots are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One family per declared metric that has a value."""
        read = list(read_snapshots(self._folder))
        for metric in OF_REGISTRY:
            samples = [sample for sample in read if sample.name == metric.name]
            if samples:
                yield metric.family(samples)
