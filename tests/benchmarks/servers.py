"""Servers under measurement: started alone, measured, stopped with all their children."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
import psutil

from database.embedded import lifecycle


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers; `url` takes the POST that is measured."""

    name: str
    url: str
    process: psutil.Process

    def memory_of_workers(self) -> list[float]:
        """Resident MiB of each process that serves, the largest first."""
        family = [self.process, *self.process.children(recursive=True)]
        sizes = sorted((p.memory_info().rss / 2**20 for p in family), reverse=True)
        return sizes

    def processor_seconds(self) -> float:
        """What all its processes have taken of the processor, the kernel's work for them too."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(t.user + t.system for t in (p.cpu_times() for p in family))


@contextmanager
def serving(
    name: str,
    command: Sequence[str],
    *,
    port: int,
    path: str,
    probe: Mapping[str, Any],
    env: Mapping[str, str],
    cwd: Path,
    log: IO[str],
    seconds: float = 120,
    pause: float = 0.3,
) -> Iterator[Server]:
    """Starts a server, waits until it answers the probe with 2xx, stops it at the end.

    Raises:
        TimeoutError: no good answer in time; its output is in `log`.
    """
    process = subprocess.Popen(
        command, cwd=cwd, env={**os.environ, **env}, stdout=log, stderr=log, start_new_session=True
    )
    at_our_priority(process.pid)
    url = f"http://127.0.0.1:{port}{path}"
    try:
        _wait(name, url, probe, process, seconds, pause)
        yield Server(name, url, psutil.Process(process.pid))
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def at_our_priority(pid: int) -> None:
    """Gives a process's session the priority of ours, which a new one of Linux does not inherit.

    On a machine that works beside a measurement, the servers would wait and the load would not.
    """
    ours = Path("/proc/self/autogroup")
    if ours.exists() and (nice := ours.read_text("ascii").split()[-1]) != "0":
        Path(f"/proc/{pid}/autogroup").write_text(nice, "ascii")


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(
    name: str,
    url: str,
    probe: Mapping[str, Any],
    process: subprocess.Popen[bytes],
    seconds: float,
    pause: float,
) -> None:
    deadline = time.monotonic() + seconds
    last = "no answer"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise TimeoutError(f"{name} ended with {process.returncode} before it answered")
        try:
            answer = httpx.post(url, json=dict(probe), timeout=10)
        except httpx.TransportError as error:
            last = type(error).__name__
        else:
            if answer.is_success:
                return
            last = f"{answer.status_code} {answer.text[:200]}"
        time.sleep(pause)
    raise TimeoutError(f"{name} does not answer {url}: {last}")


def embedded_pid(home: Path) -> int:
    """The process of a home's embedded registry, which is started where it is not up."""
    lifecycle.ensure_running(home)
    state = lifecycle.status(home).state
    if state is None:
        raise RuntimeError(f"no embedded registry in {home}")
    return state.pid
