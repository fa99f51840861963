"""What `/metrics` tells, as OTLP carries it: the same figures, so the same truth over all workers.

One worker of the host sends them, and at the end the one that ends last. Nothing is counted a
second time, so it costs no request.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.samples import Sample

SECONDS = 15.0
"""Between two exports, as between two scrapes of `deployment/prometheus`."""

LOOK_SECONDS = 1.0
"""How often a worker looks whether it is the one that exports."""

NANOSECONDS = 1_000_000_000

UNKNOWN: Any = None
"""Prometheus keeps no smallest and no largest value; OTLP need not tell them."""

Labels: TypeAlias = tuple[tuple[str, str], ...]


class MetricExport:
    """Sends what is measured.

    Args:
        exporter: of OpenTelemetry's.
        resource: who tells it: the host, whichever worker sends.
    """

    def __init__(self, exporter: OTLPMetricExporter, resource: Resource) -> None:
        self._exporter = exporter
        self._resource = resource
        self._end: Callable[[], None] | None = None

    async def follow(
        self, send: Callable[[], None], leads: Callable[[], bool], others: Callable[[], bool]
    ) -> None:
        """Sends the figures again and again, while this worker is the one that does.

        Args:
            send: sends them once.
            leads: whether this worker does it.
            others: whether another worker has still to add its last counts.
        """
        self._end = partial(_unless, others, send)
        while True:
            leading = leads()
            if leading:
                await asyncio.to_thread(send)
            await asyncio.sleep(SECONDS if leading else LOOK_SECONDS)

    def send(self, families: Callable[[], Iterable[Family]], since: float) -> None:
        """Sends them once; what does not arrive is in the next ones, for counters only grow.

        Args:
            families: reads the figures.
            since: when the counters began, in seconds since 1970.
        """
        window = CountedSpan(int(since * NANOSECONDS), time.time_ns())
        self._exporter.export(metrics_data(families(), window, self._resource))

    def close(self) -> None:
        """Sends what was measured last, if this worker is the last of its host."""
        if self._end is not None:
            self._end()
        self._exporter.shutdown()


def _unless(others: Callable[[], bool], send: Callable[[], None]) -> None:
    if not others():
        send()


@dataclass(frozen=True, slots=True)
class CountedSpan:
    """From when to when something was counted, in nanoseconds since 1970."""

    began: int
    now: int


def metrics_data(
    families: Iterable[Family], window: CountedSpan, resource: Resource
) -> MetricsData:
    """The figures of a page of metrics as OpenTelemetry keeps them.

    Args:
        families: as Prometheus's client collects them.
        window: in which they were counted.
        resource: who tells them.
    """
    found = [made for family in families if (made := _metric(family, window)) is not None]
    scope = ScopeMetrics(InstrumentationScope("farol"), found, "")
    return MetricsData([ResourceMetrics(resource, [scope], "")])


def _metric(family: Family, window: CountedSpan) -> Metric | None:
    match family.type:
        case "counter":
            points = [_point(s, window) for s in family.samples if s.name.endswith("_total")]
            data: Sum | Gauge | Histogram = Sum(points, AggregationTemporality.CUMULATIVE, True)
        case "gauge":
            data = Gauge([_point(s, window) for s in family.samples])
        case "histogram":
            data = Histogram([*_histograms(family, window)], AggregationTemporality.CUMULATIVE)
        case _:
            return None
    return Metric(family.name, family.documentation, "", data) if data.data_points else None


def _point(sample: Sample, window: CountedSpan) -> NumberDataPoint:
    return NumberDataPoint(dict(sample.labels), window.began, window.now, float(sample.value))


def _histograms(family: Family, window: CountedSpan) -> Iterator[HistogramDataPoint]:
    """A point for each set of labels; Prometheus's buckets hold what those below them do."""
    buckets: dict[Labels, list[tuple[float, float]]] = {}
    totals: dict[tuple[str, Labels], float] = {}
    for sample in family.samples:
        labels = _without_bound(sample.labels)
        if sample.name.endswith("_bucket"):
            bound = float(sample.labels["le"])
            buckets.setdefault(labels, []).append((bound, sample.value))
        else:
            totals[sample.name.removeprefix(family.name), labels] = sample.value
    for labels, cumulative in buckets.items():
        cumulative.sort()
        counts = [value for _, value in cumulative]
        own = [int(after - before) for before, after in zip([0.0, *counts], counts, strict=False)]
        yield HistogramDataPoint(
            attributes=dict(labels),
            start_time_unix_nano=window.began,
            time_unix_nano=window.now,
            count=int(counts[-1]),
            sum=totals.get(("_sum", labels), 0.0),
            bucket_counts=own,
            explicit_bounds=[bound for bound, _ in cumulative[:-1]],
            min=UNKNOWN,
            max=UNKNOWN,
        )


def _without_bound(labels: Mapping[str, str]) -> Labels:
    return tuple(sorted((name, value) for name, value in labels.items() if name != "le"))
