"""Spans of OpenTelemetry, as the house tells them.

An error is told by its kind: what the SDK would record of an exception quotes its message.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from model.telemetry.context import TRACE_ID, doing
from model.telemetry.tracer import Attributes, TelemetrySpan

CARRIED = (b"traceparent", b"tracestate")

_STEP_BEGAN: ContextVar[int] = ContextVar("farol_step_began", default=0)


class OtelSpan:
    """A span that is being told."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def rename(self, name: str) -> None:
        """Calls it otherwise, once more is known."""
        self._span.update_name(name)

    def tell(self, attributes: Attributes) -> None:
        """Adds what became known of it."""
        self._span.set_attributes(attributes)

    def fail(self, kind: str) -> None:
        """Says that it failed, by the kind of the error alone."""
        self._span.set_attribute("error.type", kind)
        self._span.set_status(Status(StatusCode.ERROR))


class OtelTracer:
    """Begins spans with a tracer of the SDK's."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator()

    def request(
        self, name: str, headers: Iterable[tuple[bytes, bytes]], attributes: Attributes
    ) -> AbstractContextManager[TelemetrySpan]:
        """A request that is answered, in the trace that its sender has begun if it has."""
        carried = {k.decode(): v.decode("latin-1") for k, v in headers if k in CARRIED}
        parent = self._propagator.extract(carried, Context())
        return self._begun(name, attributes, SpanKind.SERVER, parent)

    def call(
        self, name: str, attributes: Attributes, *, alone: bool
    ) -> AbstractContextManager[object]:
        """A call of another system."""
        if not alone and not trace.get_current_span().get_span_context().is_valid:
            return nullcontext()
        return self._begun(name, attributes, SpanKind.CLIENT)

    @contextmanager
    def work(self, name: str, attributes: Attributes) -> Iterator[TelemetrySpan]:
        """Work that nobody waits for, and its steps."""
        token = _STEP_BEGAN.set(time.time_ns())
        try:
            with self._begun(name, attributes, SpanKind.INTERNAL) as span:
                yield span
        finally:
            _STEP_BEGAN.reset(token)

    def step(self, name: str) -> None:
        """A step of the current work ended now, and began where the one before ended."""
        now = time.time_ns()
        self._tracer.start_span(name, start_time=_STEP_BEGAN.get() or now).end(now)
        _STEP_BEGAN.set(now)

    @contextmanager
    def _begun(
        self, name: str, attributes: Attributes, kind: SpanKind, parent: Context | None = None
    ) -> Iterator[TelemetrySpan]:
        begun = self._tracer.start_as_current_span(
            name,
            context=parent,
            kind=kind,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        )
        with begun as span:
            told = OtelSpan(span)
            with doing(TRACE_ID, trace.format_trace_id(span.get_span_context().trace_id)):
                try:
                    yield told
                except Exception as error:
                    told.fail(type(error).__name__)
                    raise
