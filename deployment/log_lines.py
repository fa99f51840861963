"""How a record of the log is written: a line for a person, or a JSON object for a program.

Of an error that nobody foresaw both tell type and place and not the message, which may quote a
record of a student; errors of ours say nothing of one.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TypeAlias

import orjson

from model.errors import FarolError
from model.telemetry import context

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"

Raised: TypeAlias = (
    "tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]"
)


class TextLine(logging.Formatter):
    """One line a record, and one for each place of an error's stack."""

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def formatException(self, ei: Raised) -> str:
        """An error's kind, and where it was."""
        return "\n".join((*(f"  {place}" for place in places(ei[1])), kind(ei[1])))


class JsonLine(logging.Formatter):
    """One JSON object a record: what is told, and which request, run and task it is about.

    Args:
        about: what is being done when a record is written, by the names of the fields.
    """

    def __init__(self, about: Callable[[], Mapping[str, str]] = context.about) -> None:
        super().__init__()
        self._about = about

    def format(self, record: logging.LogRecord) -> str:
        """The object; the time is UTC."""
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **self._about(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            told["error"] = kind(record.exc_info[1])
            told["stack"] = list(places(record.exc_info[1]))
        return orjson.dumps(told, default=str).decode()


def kind(error: BaseException | None) -> str:
    """An error's type, and its message where it is one of ours.

    >>> kind(ValueError("RA-1 is no number"))
    'ValueError'
    """
    name = type(error).__name__
    return f"{name}: {error}" if isinstance(error, FarolError) else name


def places(error: BaseException | None) -> Iterator[str]:
    """Where an error came by, the outermost place first."""
    for frame in traceback.extract_tb(error.__traceback__ if error else None):
        yield f"{frame.filename}:{frame.lineno} in {frame.name}"
