"""Which cell of which kept file made a feature, and back: asked of a process of its own."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from api.files.apart import command, run_apart, turn
from api.http.problems import Problem

LOCK = "tracing.lock"
"""Another than that of files that are sent: who looks up holds up nobody who sends."""

LATER = 5
"""Seconds after which what could not be reached may be asked for again."""

_log = logging.getLogger(__name__)


async def traced(asked: Mapping[str, Any], task: str, folder: Path) -> Mapping[str, Any] | None:
    """The answer of `preprocessing.trace.answering`; None where nothing is known.

    Args:
        asked: its question.
        task: whose files they are.
        folder: where the host keeps the lock.

    Raises:
        Problem: 503, the registry or a kept file cannot be reached, or is too large to be read.
        Overloaded: other files are being read.
    """
    words = command("preprocessing.trace.answering", f"--task={task}")
    async with turn(folder, LOCK):
        try:
            code, said = await run_apart(words, orjson.dumps(asked), "trace: ")
        except TimeoutError as error:
            raise _unreached() from error
    if code != 0:
        _log.error("the reader of a kept file ended with %d", code)
        raise _unreached()
    answer: Mapping[str, Any] = orjson.loads(said)
    return None if "unknown" in answer else answer


def _unreached() -> Problem:
    return Problem(
        503, "The kept file cannot be reached, or not be read in time.", retry_after=LATER
    )
