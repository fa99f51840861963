"""What an entry point shows: progress on stderr, results on stdout."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from rich.console import Console

WIDTH = 110
"""Columns for results that go to a file or a pipe, which have no width of their own."""


def progress() -> Callable[[str], None]:
    """A function that tells each step, with the seconds since the start."""
    started = time.monotonic()

    def say(text: str) -> None:
        sys.stderr.write(f"{time.monotonic() - started:7.1f} s  {text}\n")
        sys.stderr.flush()

    return say


def console() -> Console:
    """A console on stdout, of a fixed width where that is no terminal."""
    return Console() if sys.stdout.isatty() else Console(width=WIDTH)
