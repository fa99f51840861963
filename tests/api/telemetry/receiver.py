"""A receiver of OTLP over HTTP: it reads what comes as the protocol's messages, and keeps it."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

SERVER = SpanMessage.SpanKind.SPAN_KIND_SERVER
CLIENT = SpanMessage.SpanKind.SPAN_KIND_CLIENT


@dataclass(frozen=True, slots=True)
class ToldSpan:
    name: str
    kind: int
    trace: str
    parent: str
    id: str
    failed: bool
    told: Mapping[str, Any]
    resource: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToldLine:
    body: str
    severity: str
    trace: str
    told: Mapping[str, Any]
    resource: Mapping[str, Any]


@dataclass(slots=True)
class Receiver:
    """Attributes: `raw` is every byte that came, to look for what must not be in it."""

    url: str = ""
    status: int = 200
    spans: list[ToldSpan] = field(default_factory=list)
    lines: list[ToldLine] = field(default_factory=list)
    metrics: list[Any] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    bases: set[str] = field(default_factory=set)

    def requests(self) -> list[ToldSpan]:
        return [span for span in self.spans if span.kind == SERVER]

    def take(self, path: str, body: bytes) -> None:
        self.raw.append(body)
        before, _, signal = path.rpartition("/v1/")
        self.bases.add(before)
        match signal:
            case "traces":
                self.spans += spans_of(body)
            case "logs":
                self.lines += lines_of(body)
            case "metrics":
                found = ExportMetricsServiceRequest.FromString(body)
                self.metrics += [
                    metric
                    for resource in found.resource_metrics
                    for scope in resource.scope_metrics
                    for metric in scope.metrics
                ]
            case _:
                raise AssertionError(f"OTLP has no {path}")


@contextmanager
def receiving(status: int = 200) -> Iterator[Receiver]:
    receiver = Receiver(status=status)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            with lock:
                receiver.headers.append({k.lower(): v for k, v in self.headers.items()})
                if receiver.status == 200:
                    receiver.take(self.path, body)
            self.send_response(receiver.status)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def spans_of(body: bytes) -> Iterator[ToldSpan]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield ToldSpan(
                    span.name, span.kind, span.trace_id.hex(), span.parent_span_id.hex(),
                    span.span_id.hex(), span.status.code == 2, told(span.attributes),
                    told(resource.resource.attributes),
                )  # fmt: skip


def lines_of(body: bytes) -> Iterator[ToldLine]:
    for resource in ExportLogsServiceRequest.FromString(body).resource_logs:
        for scope in resource.scope_logs:
            for line in scope.log_records:
                yield ToldLine(
                    line.body.string_value, line.severity_text, line.trace_id.hex(),
                    told(line.attributes), told(resource.resource.attributes),
                )  # fmt: skip


def told(attributes: Sequence[Any]) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}
