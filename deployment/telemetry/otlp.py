"""OpenTelemetry's SDK, set up for one process: traces, metrics and logs over OTLP (HTTP, protobuf).

Batches leave in threads of the SDK's own. A receiver that is away costs what waits for it, 2,048
spans and as many lines at most, and no request.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from deployment.logs import OF_SERVER
from deployment.settings import Settings
from deployment.telemetry.log_records import OtlpHandler
from deployment.telemetry.metrics import MetricExport
from deployment.telemetry.tracing import OtelTracer
from model.telemetry.signals import OtelSignal
from model.telemetry.tracer import Tracer

EXPORT_SECONDS = 2.0
"""How long a batch may take to leave, with what is tried again."""

STOP_SECONDS = 3.0
"""How long a process that ends waits for what it has not told yet."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What a process tells with.

    Attributes:
        tracer: begins spans; None where traces are not asked for.
        metrics: sends what is measured; None where metrics are not asked for.
    """

    tracer: Tracer | None
    metrics: MetricExport | None


@contextmanager
def opened(settings: Settings, part: str) -> Iterator[Telemetry]:
    """Sets the SDK up; at the end what waits is sent, for three seconds at most.

    Args:
        settings: with an endpoint.
        part: which part of Farol the process is.
    """
    assert settings.otel_endpoint is not None
    # Each try that fails is a warning: with the error after the last one that is enough.
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)
    base = settings.otel_endpoint.rstrip("/")
    headers = dict(settings.otlp_headers)
    resource = _resource(part, os.getpid())
    ends: list[Callable[[], object]] = []
    signals = settings.otel_signals
    tracer = metrics = None
    if OtelSignal.TRACES in signals:
        spans = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(settings.otel_share)),
            resource=resource,
            shutdown_on_exit=False,
        )
        exporter = OTLPSpanExporter(f"{base}/v1/traces", headers=headers, timeout=EXPORT_SECONDS)
        spans.add_span_processor(BatchSpanProcessor(exporter))
        ends.append(spans.shutdown)
        tracer = OtelTracer(spans.get_tracer("farol"))
    if OtelSignal.METRICS in signals:
        metrics = MetricExport(
            OTLPMetricExporter(f"{base}/v1/metrics", headers=headers, timeout=EXPORT_SECONDS),
            _resource(part, _supervisor()),
        )
        ends.append(metrics.close)
    with _lines(base, headers, resource, ends, wanted=OtelSignal.LOGS in signals):
        yield Telemetry(tracer, metrics)


def _resource(part: str, pid: int) -> Resource:
    return Resource.create({
        "service.name": f"farol-{part}",
        "service.namespace": "farol",
        "service.instance.id": f"{socket.gethostname()}-{pid}",
    })  # fmt: skip


def _supervisor() -> int:
    """Whose workers are counted together; this process, where it has none."""
    parent = multiprocessing.parent_process()
    return os.getpid() if parent is None or parent.pid is None else parent.pid


@contextmanager
def _lines(
    base: str,
    headers: Mapping[str, str],
    resource: Resource,
    ends: list[Callable[[], object]],
    *,
    wanted: bool,
) -> Iterator[None]:
    """Lines of the log go the same way meanwhile, where that is wanted; then all ends."""
    handlers: list[OtlpHandler] = []
    if wanted:
        provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
        exporter = OTLPLogExporter(f"{base}/v1/logs", headers=dict(headers), timeout=EXPORT_SECONDS)
        provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
        ends.append(provider.shutdown)
        handlers.append(OtlpHandler(provider.get_logger("farol")))
    # uvicorn's own lines do not reach the root.
    pairs = [(logging.getLogger(name), one) for name in (None, OF_SERVER[0]) for one in handlers]
    try:
        for logger, handler in pairs:
            logger.addHandler(handler)
        yield
    finally:
        for logger, handler in pairs:
            logger.removeHandler(handler)
        within(STOP_SECONDS, ends)


def within(seconds: float, ends: list[Callable[[], object]]) -> None:
    """Ends all at once, and waits so long at most; what hangs ends with the process."""
    threads = [threading.Thread(target=end, daemon=True) for end in ends]
    for thread in threads:
        thread.start()
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
