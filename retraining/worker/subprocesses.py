"""Runs commands of this project as processes, and ends them with the worker.

A process each, because training takes memory that Python does not give back, and because a run may
be killed without the worker noticing more than an exit code.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

STOP_WITHIN = 20.0
FOLLOWING = (sys.executable, "-m", "deployment.following")
"""A command started this way ends with the worker, even where the worker is killed."""

log = logging.getLogger(__name__)


class Subprocesses:
    """Starts processes; `stop` ends those that run and starts no more.

    Args:
        at_once: how many run at the same time; those beyond wait.
    """

    def __init__(self, at_once: int = 1) -> None:
        self._places = threading.Semaphore(at_once)
        self._guard = threading.Lock()
        self._turns: dict[str, threading.Lock] = {}
        self._children: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def run(self, module: str, *arguments: str, task: str, wait: bool = True) -> int | None:
        """Runs `python -m module` to its end and gives its exit code.

        Args:
            module: the command.
            arguments: passed to it.
            task: the task that it works on; commands of one task run one at a time.
            wait: for its turn, if another command is running.

        Returns:
            None if it had no turn, or the worker is being stopped.
        """
        with self._guard:
            turn = self._turns.setdefault(task, threading.Lock())
        # The task's turn first: who waits for it keeps no place from another task.
        if not turn.acquire(blocking=wait):
            return None
        try:
            if not self._places.acquire(blocking=wait):
                return None
            try:
                return self._run([sys.executable, "-m", module, *arguments])[0]
            finally:
                self._places.release()
        finally:
            turn.release()

    @property
    def stopped(self) -> bool:
        """Whether they were told to end."""
        return self._stopped

    def ask(self, module: str, *arguments: str) -> tuple[int | None, str]:
        """Runs a short command of this host at once; gives its exit code and what it prints.

        Args:
            module: the command; it works on no registry alone, so it waits for no turn.
            arguments: passed to it.
        """
        return self._run([sys.executable, "-m", module, *arguments], output=subprocess.PIPE)

    def _run(
        self, command: Sequence[str], output: int = subprocess.DEVNULL
    ) -> tuple[int | None, str]:
        child = self._start([*FOLLOWING, str(os.getpid()), *command], output)
        if child is None:
            return None, ""
        try:
            printed, _ = child.communicate()
            return child.returncode, (printed or b"").decode(errors="replace")
        finally:
            with self._guard:
                self._children.discard(child)

    def _start(self, command: Sequence[str], output: int) -> subprocess.Popen[bytes] | None:
        with self._guard:
            if self._stopped:
                return None
            # What a run prints is for a terminal; its result is in the registry.
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output)
            self._children.add(child)
            return child

    def stop(self) -> None:
        """Asks the running processes to end, and makes those that do not."""
        with self._guard:
            self._stopped = True
            running = [child for child in self._children if child.poll() is None]
        for child in running:
            child.terminate()
        deadline = time.monotonic() + STOP_WITHIN
        for child in running:
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("process %d does not end; killing it", child.pid)
                child.kill()
                child.wait()
