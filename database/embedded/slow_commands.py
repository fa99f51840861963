"""The embedded server's log tells of commands that kept others waiting, without any value."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from nx_27017.handler import NeoSQLiteHandler

Message = dict[str, Any]
Answer = tuple[int, dict[str, Any]]

SLOW_SECONDS = 0.5

_log = logging.getLogger(__name__)


def tell_of_slow_commands(
    handler: NeoSQLiteHandler, clock: Callable[[], float] = time.perf_counter
) -> None:
    """Makes this handler log what takes longer than half a second; add it last."""
    handler.handle_command = _timed(handler.handle_command, clock)
    handler.handle_insert = _timed(handler.handle_insert, clock)


def _timed(
    handle: Callable[[Message], Answer], clock: Callable[[], float]
) -> Callable[[Message], Answer]:
    def handle_message(message: Message) -> Answer:
        started = clock()
        answer = handle(message)
        seconds = clock() - started
        if seconds >= SLOW_SECONDS:
            _log.warning("%.1f s: %s", seconds, told(message["sections"][0][1]))
        return answer

    return handle_message


def told(body: Mapping[str, Any]) -> str:
    """A command by the names of what it is about.

    >>> told({"find": "students", "filter": {"_id": {"$in": ["Ana"]}}, "sort": {"at": -1}})
    'find students filter={_id: {$in}} sort={at}'
    """
    name, collection, *_ = (*map(str, next(iter(body.items()), ("", ""))),)
    about = [
        f"{part}={_names(body[part])}"
        for part in ("filter", "sort", "pipeline", "projection")
        if body.get(part)
    ]
    return " ".join((name, collection, *about))


def _names(part: Any) -> str:
    """Names of fields and operators; none that a value could have brought."""
    if isinstance(part, Mapping):
        return "{" + ", ".join(_named(name, value) for name, value in part.items()) + "}"
    return "[" + ", ".join(map(_names, part)) + "]" if isinstance(part, list | tuple) else ""


def _named(name: str, value: Any) -> str:
    within = _names(value) if isinstance(value, Mapping) else ""
    return f"{name}: {within}" if within else name
