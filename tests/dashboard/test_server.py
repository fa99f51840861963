"""The dashboard's server, by `streamlit run dashboard/dashboard.py` and `python -m dashboard`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=["streamlit run dashboard/dashboard.py", "dashboard"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, psutil.Process]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    home = tmp_path_factory.mktemp("dashboard")
    command = [sys.executable, "-m", *str(request.param).split()]
    command += ["--server.port", str(port), "--server.headless", "true"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"FAROL_HOME": str(home)}, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 60
        while "200" not in _first_line(port, "/_stcore/health", "localhost"):
            assert process.poll() is None, (home / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def test_it_listens_on_loopback_only(running: tuple[int, psutil.Process]) -> None:
    _, process = running

    listening = [c for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]

    assert {c.laddr.ip for c in listening} == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost:{port}", "http://localhost:{port}", "101"),
        ("127.0.0.1:{port}", "http://127.0.0.1:{port}", "101"),
        ("evil.example:{port}", "http://evil.example:{port}", "403"),
        ("localhost:{port}", "http://evil.example", "403"),
    ],
)
def test_only_its_own_page_under_its_own_name_may_open_a_session(
    running: tuple[int, psutil.Process], host: str, origin: str, status: str
) -> None:
    port, _ = running
    upgrade = (
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: {origin.format(port=port)}\r\n"
    )

    line = _first_line(port, "/_stcore/stream", host.format(port=port), upgrade)

    assert status in line


def _first_line(port: int, path: str, host: str, more: str = "") -> str:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode())
            return connection.recv(1000).decode("latin-1").split("\r\n", 1)[0]
    except ConnectionError:
        return ""
