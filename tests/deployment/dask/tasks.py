"""What tests have workers do."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def squared(shared: int, item: int) -> int:
    return shared + item * item


def fails(shared: list[str], item: str) -> str:
    raise ValueError("no")


def slept(shared: float, item: int) -> tuple[int, int]:
    time.sleep(shared)
    return item, os.getpid()


def dies_once(shared: str, item: int) -> int:
    """The worker that does the fourth item first is killed, as the kernel would kill it."""
    once = Path(shared)
    if item == 3 and not once.exists():
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def dies(shared: None, item: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return item
