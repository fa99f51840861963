"""A scheduler and workers as an operator starts them: processes, on this machine alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.architecture.imports import ROOT

WITHIN = 60.0


@dataclass
class Started:
    """A scheduler with its workers.

    Attributes:
        address: of the scheduler.
        scheduler: its process.
        workers: each with its nanny, a process group of their own.
    """

    address: str
    folder: Path
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(
        self, *options: str, root: Path = ROOT, named: str = ""
    ) -> subprocess.Popen[bytes]:
        """One more worker with its nanny, which runs the code in that folder."""
        name = named or f"worker-{len(self.workers)}"
        worker = _start(
            self.folder / f"{name}.log",
            "worker", self.address, "--nthreads", "1", "--name", name, "--no-dashboard",
            "--death-timeout", "120",
            "--local-directory", str(self.folder / name), *options,
            root=root,
        )  # fmt: skip
        self.workers.append(worker)
        return worker

    def log(self, number: int) -> str:
        """What a worker has written."""
        return (self.folder / f"worker-{number}.log").read_text("utf-8")


@contextmanager
def started(
    folder: Path, workers: int = 2, *options: str, tls: tuple[str, ...] = ()
) -> Iterator[Started]:
    """A cluster, and nothing of it afterwards.

    Args:
        folder: for logs and what workers write.
        workers: how many.
        options: of each worker.
        tls: of scheduler and workers, those of their certificates; none speaks in the clear.
    """
    folder.mkdir(parents=True, exist_ok=True)
    told = folder / "scheduler.json"
    scheduler = _start(
        folder / "scheduler.log",
        "scheduler", "--host", "tls://127.0.0.1" if tls else "127.0.0.1", "--port", "0",
        "--no-dashboard", *tls,
        "--scheduler-file", str(told), "--idle-timeout", "1800",
    )  # fmt: skip
    cluster = Started(_address(told, scheduler), folder, scheduler)
    try:
        for _ in range(workers):
            cluster.add_worker(*options, *tls)
        yield cluster
    finally:
        for process in (*cluster.workers, scheduler):
            end(process)


def end(process: subprocess.Popen[bytes], how: int = signal.SIGKILL) -> None:
    """Ends a process with all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, how)
    process.wait(WITHIN)


def _start(
    log: Path, what: str, *options: str, root: Path = ROOT, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", what, *options],
            cwd=root, stdout=out, stderr=subprocess.STDOUT, process_group=0,
            env={**os.environ, **(env or {})},
        )  # fmt: skip


def _address(told: Path, scheduler: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + WITHIN
    while time.monotonic() < until and scheduler.poll() is None:
        if told.is_file() and (text := told.read_text("utf-8")):
            return str(json.loads(text)["address"])
        time.sleep(0.1)
    raise RuntimeError(told.with_name("scheduler.log").read_text("utf-8"))
