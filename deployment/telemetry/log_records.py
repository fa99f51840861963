"""Lines of the log as OTLP carries them: what the JSON line tells, with their trace."""

from __future__ import annotations

import logging

from opentelemetry._logs import Logger, LogRecord, SeverityNumber
from opentelemetry.context import get_current

from deployment.log_lines import kind, places
from model.telemetry.context import about

OF_EXPORT = ("opentelemetry", "urllib3", "requests")
"""What the export itself has to say would be exported in its turn."""

SEVERITIES = {
    logging.DEBUG: SeverityNumber.DEBUG, logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN, logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}  # fmt: skip


class OtlpHandler(logging.Handler):
    """Gives each record to OpenTelemetry.

    Args:
        logger: takes them.
    """

    def __init__(self, logger: Logger) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Tells one record."""
        if record.name.split(".")[0] in OF_EXPORT:
            return
        told = {"logger": record.name, **about()}
        if record.exc_info and record.exc_info[1] is not None:
            told["exception.type"] = kind(record.exc_info[1])
            told["exception.stacktrace"] = "\n".join(places(record.exc_info[1]))
        at = int(record.created * 1e9)
        self._logger.emit(
            LogRecord(
                timestamp=at,
                observed_timestamp=at,
                context=get_current(),
                severity_text=record.levelname,
                severity_number=SEVERITIES.get(record.levelno, SeverityNumber.UNSPECIFIED),
                body=record.getMessage(),
                attributes=told,
            )
        )
