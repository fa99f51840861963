"""The API as it really runs: uvicorn, four workers, the embedded registry."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests import local
from tests.api.bundles import KEY

ROOT = Path(__file__).parents[2]
PATIENCE = float(os.environ.get("TEST_PATIENCE", "60"))
"""Seconds that a server may take to start or stop; more on a machine that is busy otherwise."""


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    home: Path
    process: subprocess.Popen[bytes]

    def get(self, path: str, **more: str) -> httpx.Response:
        return local.get(self.url + path, headers=more, timeout=10)

    def post(self, path: str, body: object = None, **more: str) -> httpx.Response:
        return local.post(self.url + path, json=body, headers=more, timeout=10)

    def workers(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = self.get("/health").json()["workers"]
        return found


@contextmanager
def served(
    home: Path,
    *,
    workers: int = 4,
    auth: str = "off",
    access_log: bool = False,
    http: str = "api.http.protocol:BoundedProtocol",
    env: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    port = free_port()
    given = os.environ | {
        "FAROL_HOME": str(home),
        "FAROL_AUTH": auth,
        "FAROL_SIGNING_KEY": KEY.decode(),
        **(env or {}),
    }
    with (home / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "api.app:app"),
                "--access-log" if access_log else "--no-access-log",
                *("--http", http),
                *("--port", str(port), "--workers", str(workers)),
            ],
            cwd=ROOT,
            env=given,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", home, process)
    try:
        until(lambda: _answers(server))
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise


def until(holds: Callable[[], bool], seconds: float = PATIENCE) -> float:
    """Waits until something holds; answers how long that took."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds, "waited in vain"
        time.sleep(0.02)
    return time.monotonic() - started


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(server: Server) -> bool:
    assert server.process.poll() is None, (server.home / "server.log").read_text()
    try:
        return server.get("/health/live").status_code == 200
    except httpx.TransportError:
        return False
