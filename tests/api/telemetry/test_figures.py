"""What `/metrics` tells, turned into OTLP: the same numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

pytest.importorskip("opentelemetry.sdk", reason="OpenTelemetry is not installed: make setup-otel")

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily

from deployment.telemetry.metrics import MetricExport
from tests.api.telemetry.receiver import receiving, told


class Snapshot:
    """As `SnapshotCollector`, whose facts of the registry may be truths and whole numbers."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily("farol_drift_compared", "Compared.", labels=("task",))
        family.add_metric(("a",), True)
        yield family


def registry() -> CollectorRegistry:
    found = CollectorRegistry()
    served = Counter("farol_predictions", "Served.", ("task",), registry=found)
    served.labels("a").inc(3)
    served.labels("b").inc(4)
    Gauge("farol_outbox_rows", "Waiting.", ("task",), registry=found).labels("a").set(7)
    found.register(Snapshot())
    seconds = Histogram("farol_seconds", "Time.", ("task",), buckets=(0.1, 1.0), registry=found)
    for value in (0.05, 0.5, 0.5, 30.0):
        seconds.labels("a").observe(value)
    return found


def sent() -> Mapping[str, Any]:
    with receiving() as receiver:
        exporter = OTLPMetricExporter(f"{receiver.url}/v1/metrics", timeout=5)
        export = MetricExport(exporter, Resource.create({}))
        export.send(registry().collect, 1_000.0)
        export.close()
    return {metric.name: metric for metric in receiver.metrics}


def test_counters_gauges_and_histograms_arrive_as_they_are() -> None:
    found = sent()

    counter = found["farol_predictions"].sum
    assert counter.is_monotonic and counter.aggregation_temporality == 2
    assert {(told(p.attributes)["task"], p.as_double) for p in counter.data_points} == {
        ("a", 3.0), ("b", 4.0),
    }  # fmt: skip
    assert counter.data_points[0].start_time_unix_nano == 1_000 * 10**9
    assert found["farol_outbox_rows"].gauge.data_points[0].as_double == 7.0
    assert found["farol_drift_compared"].gauge.data_points[0].as_double == 1.0
    (point,) = found["farol_seconds"].histogram.data_points
    assert list(point.explicit_bounds) == [0.1, 1.0]
    assert list(point.bucket_counts) == [1, 2, 1]
    assert (point.count, point.sum) == (4, pytest.approx(31.05))
    assert not point.HasField("min")
