"""Runs commands of this project as processes, one at a time, and ends them with the worker.

A process each, because training takes memory that Python does not give back, and because a run may
be killed without the worker noticing more than an exit code.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence

STOP_WITHIN = 20.0
FOLLOWING = (sys.executable, "-m", "deployment.following")
"""A command started this way ends with the worker, even where the worker is killed."""

log = logging.getLogger(__name__)


class Subprocesses:
    """Starts processes; `stop` ends the one that runs and starts no more."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._guard = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(self, module: str, *arguments: str, wait: bool = True) -> int | None:
        """Runs `python -m module` to its end and gives its exit code.

        Args:
            module: the command.
            arguments: passed to it.
            wait: for its turn, if another command is running.

        Returns:
            None if it had no turn, or the worker is being stopped.
        """
        if not self._turn.acquire(blocking=wait):
            return None
        try:
            command = (sys.executable, "-m", module, *arguments)
            child = self._start([*FOLLOWING, str(os.getpid()), *command])
            return None if child is None else child.wait()
        finally:
            self._turn.release()

    def _start(self, command: Sequence[str]) -> subprocess.Popen[bytes] | None:
        with self._guard:
            if self._stopped:
                return None
            # What it prints is for a terminal; its result is in the registry.
            self._child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
            return self._child

    def stop(self) -> None:
        """Asks the running process to end, and makes it if it does not."""
        with self._guard:
            self._stopped = True
            child = self._child
        if child is None or child.poll() is not None:
            return
        child.terminate()
        try:
            child.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            log.warning("process %d does not end; killing it", child.pid)
            child.kill()
            child.wait()
