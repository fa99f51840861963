"""`make run`, from an empty folder to a prediction and back to silence."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests import local
from tests.api.server import until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PARTIAL = {"inde": 7.5, "iaa": 8.0, "ips": 6.5, "ipp": 7.0, "ipv": 7.2, "fase": 3}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Up:
    """One `make run` in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.port, self.dashboard_port = _free_port(), _free_port()
        self.home = home
        self.log = home / "up.log"

    def start(self) -> None:
        env = {k: v for k, v in os.environ.items() if k not in {"MONGO_URI", "DATA"}} | {
            "FAROL_HOME": str(self.home),
            "PORT": str(self.port),
            "DASHBOARD_PORT": str(self.dashboard_port),
        }
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deployment.up"],
                cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def wait_for(self, path: str, port: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if local.get(f"http://127.0.0.1:{port}{path}", timeout=5).is_success:
                    return
            except httpx.TransportError:
                pass  # not up yet
            time.sleep(0.2)
        pytest.fail(f"{path} not up after {seconds} s:\n{self.log.read_text()}")

    def get(self, path: str) -> Any:
        return local.get(f"http://127.0.0.1:{self.port}{path}", timeout=30).json()

    def post(self, path: str, body: object) -> httpx.Response:
        return local.post(f"http://127.0.0.1:{self.port}{path}", json=body, timeout=30)

    def stop(self) -> list[int]:
        """Sends what Ctrl-C sends; returns the processes that outlived it."""
        processes = [p for p in psutil.process_iter(["environ"]) if self._is_ours(p)]
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=40)
        _, alive = psutil.wait_procs(processes, timeout=10)
        return [p.pid for p in alive]

    def parts(self) -> list[psutil.Process]:
        """Everything that runs on this home, but for the embedded registry."""
        found = [p for p in psutil.process_iter(["environ", "cmdline"]) if self._is_ours(p)]
        return [
            p for p in found if "database.embedded.server" not in " ".join(p.info["cmdline"] or ())
        ]

    def _is_ours(self, process: psutil.Process) -> bool:
        environ = process.info["environ"] or {}
        return environ.get("FAROL_HOME") == str(self.home)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("up"))
    running.start()
    try:
        running.wait_for("/health/ready", running.port, 240)
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def _open_to_others(home: Path) -> list[str]:
    everything = ((p, p.lstat().st_mode) for p in (home, *home.rglob("*")))
    return [str(p) for p, mode in everything if mode & 0o077 and not stat.S_ISLNK(mode)]


def test_an_empty_folder_becomes_a_service_that_predicts_and_stops_without_a_trace(up: Up) -> None:
    answer = up.post("/predict", PARTIAL).json()
    assert 0 <= answer["risk_score"] <= 1
    assert answer["model_version"] == "v1"
    assert "ieg" in answer["imputed"]
    up.wait_for("/_stcore/health", up.dashboard_port, 60)

    prediction_id = answer["prediction_id"]
    assert up.stop() == []

    up.start()
    up.wait_for("/health/ready", up.port, 60)
    assert up.get("/model")["version"] == "v1"
    label = up.post("/labels", {"prediction_id": prediction_id, "outcome": 1}).json()
    assert (label["accepted"], label["joined"]) == (1, 1)
    assert _open_to_others(up.home) == []


def test_a_second_start_on_a_home_in_use_says_where_the_first_listens(up: Up) -> None:
    other = Up(up.home)
    other.log = up.home / "other.log"
    other.start()

    assert other.process.wait(60) == 2
    told = other.log.read_text()
    assert f"Farol is already running at http://127.0.0.1:{up.port}" in told
    assert "choose another" not in told
    assert up.process.poll() is None


def test_a_supervisor_that_is_killed_takes_its_parts_along_and_the_next_start_succeeds_it(
    up: Up,
) -> None:
    parts = [p for p in up.parts() if p.pid != up.process.pid]
    assert len(parts) >= 8

    up.process.kill()
    up.process.wait()
    _, alive = psutil.wait_procs(parts, timeout=30)
    assert alive == []

    up.start()
    up.wait_for("/health/ready", up.port, 90)
    assert up.stop() == []


def test_a_worker_of_the_api_whose_supervisor_is_killed_ends(up: Up) -> None:
    if up.process.poll() is not None:
        up.start()
    up.wait_for("/health/ready", up.port, 90)
    until(lambda: len(up.get("/health")["workers"]) == 4)
    workers = [psutil.Process(w["pid"]) for w in up.get("/health")["workers"]]

    supervisor = workers[0].parent()
    assert supervisor is not None
    supervisor.kill()
    _, alive = psutil.wait_procs(workers, timeout=30)

    assert alive == []
    assert up.process.wait(40) != 0  # One part that ends, ends all.


def test_ended_while_it_loads_it_leaves_nothing(tmp_path: Path) -> None:
    loading = Up(tmp_path)
    loading.start()
    deadline = time.monotonic() + 120
    while "Reading" not in loading.log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)

    loading.process.terminate()

    assert loading.process.wait(30) == 143
    assert [p for p in psutil.process_iter(["environ"]) if loading._is_ours(p)] == []
