"""Telemetry over OTLP where an operator asked for it; nothing at all where not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deployment.settings import Settings
from model.errors import ConfigurationError

if TYPE_CHECKING:
    from deployment.telemetry.otlp import Telemetry


@contextmanager
def telemetry(settings: Settings, part: str) -> Iterator[Telemetry | None]:
    """What one process tells; None where `FAROL_OTEL_ENDPOINT` is not set.

    Args:
        settings: of the installation.
        part: which part of Farol the process is: api, pipeline, worker.

    Raises:
        ConfigurationError: it is asked for and OpenTelemetry is not installed.
    """
    if settings.otel_endpoint is None:
        yield None
        return
    try:
        # Not at the top: an extra, which takes a third of a second to import.
        from deployment.telemetry.otlp import opened
    except ImportError as error:
        raise ConfigurationError(
            "FAROL_OTEL_ENDPOINT needs the OpenTelemetry SDK: make setup-otel"
        ) from error
    with opened(settings, part) as told:
        yield told
