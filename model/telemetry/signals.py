"""What may be told over OTLP."""

from __future__ import annotations

from enum import StrEnum


class OtelSignal(StrEnum):
    """A kind of telemetry; a receiver may take some of them only, Langfuse traces say."""

    TRACES = "traces"
    METRICS = "metrics"
    LOGS = "logs"
