"""What an entry point shows: progress on stderr, results on stdout."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from functools import partial

from rich.console import Console

_log = logging.getLogger(__name__)

WIDTH = 110
"""Columns for results that go to a file or a pipe, which have no width of their own."""


def progress(*, as_log: bool = False) -> Callable[[str], None]:
    """A function that tells each step, with the seconds since the start.

    Args:
        as_log: as a line of the log, for programs that read it.
    """
    if as_log:
        return partial(_log.info, "%s")
    started = time.monotonic()

    def say(text: str) -> None:
        sys.stderr.write(f"{time.monotonic() - started:7.1f} s  {text}\n")
        sys.stderr.flush()

    return say


def console() -> Console:
    """A console on stdout, of a fixed width where that is no terminal."""
    return Console() if sys.stdout.isatty() else Console(width=WIDTH)
