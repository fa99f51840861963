"""What is written to the log: our own lines at the level that was asked for, and no student.

Libraries write what they are given: at DEBUG the MongoDB driver logs whole documents, httpx logs
addresses with ids in them at INFO, and so does uvicorn's access log. So a level is ours alone, and
what others say is heard from WARNING on.
"""

from __future__ import annotations

import logging
import sys
from typing import Literal

from deployment.log_lines import JsonLine, TextLine

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
LogFormat = Literal["text", "json"]

OURS = (
    "__main__", "api", "dashboard", "database", "deployment", "drift", "model", "preprocessing",
    "retraining", "training",
)  # fmt: skip

OF_SERVER = ("uvicorn", "uvicorn.error", "uvicorn.access")
"""Loggers that uvicorn gives handlers of their own."""


def configure(level: LogLevel, form: LogFormat = "text") -> None:
    """One line per record on stderr.

    Args:
        level: of our own lines.
        form: for a person or for a program; uvicorn's lines are written like ours.
    """
    line = JsonLine() if form == "json" else TextLine()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    for name in (None, *OF_SERVER):
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(line)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    access = logging.getLogger("uvicorn.access")
    if not any(isinstance(known, FirstSegmentOnly) for known in access.filters):
        access.addFilter(FirstSegmentOnly())


class FirstSegmentOnly(logging.Filter):
    """Leaves of an address in uvicorn's access log what cannot name a student."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Changes the record; it is always written."""
        if isinstance(record.args, tuple) and len(record.args) == 5:
            client, method, path, *rest = record.args
            record.args = (client, method, without_ids(str(path)), *rest)
        return True


def without_ids(path: str) -> str:
    """The first segment of a path; what follows, and the query, may hold a student's id.

    >>> without_ids("/predict/RA-1?explain=true"), without_ids("/predict"), without_ids("/x?id=1")
    ('/predict/*', '/predict', '/x?*')
    """
    address, asked, _ = path.partition("?")
    first, more, _ = address.lstrip("/").partition("/")
    return f"/{first}" + ("/*" if more else "?*" if asked else "")
