"""Runs `tests.database.workers` in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def start(task: str, *given: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.database.workers", task, *map(str, given)]
    return subprocess.Popen(command, cwd=ROOT)


def finish(processes: list[subprocess.Popen[bytes]], timeout: float = 240) -> None:
    """Waits for all of them; none may fail."""
    try:
        codes = [process.wait(timeout) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert codes == [0] * len(codes)
