"""What one worker is made of, and how soon it answers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from api.durability.worker_slots import WorkerState, alive, claim
from tests.api.bundles import NOW
from tests.api.conftest import World
from tests.api.server import ROOT, Server, served, until


@pytest.fixture(scope="module")
def single(world: World) -> Iterator[Server]:
    with served(world.home, workers=2) as running:
        until(lambda: len(running.workers()) == 2)
        yield running


def test_importing_the_app_opens_nothing(tmp_path: Path) -> None:
    code = "import api.app, threading; print(threading.active_count())"

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"FAROL_HOME": str(tmp_path / "home"), "FAROL_AUTH": "nonsense"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "1"
    assert not (tmp_path / "home").exists()


def test_a_worker_runs_on_uvloop_and_without_training_libraries(single: Server) -> None:
    for worker in single.workers():
        mapped = {m.path for m in psutil.Process(int(str(worker["pid"]))).memory_maps()}

        assert any("uvloop" in path for path in mapped)
        assert any("httptools" in path for path in mapped)
        assert not [p for p in mapped if "pandas" in p or "sklearn" in p or "xgboost" in p]


def test_a_worker_stays_below_130_megabytes(single: Server) -> None:
    for _ in range(50):
        single.post("/predict", {"inde": 7})

    for worker in single.workers():
        assert psutil.Process(int(str(worker["pid"]))).memory_info().rss < 130e6


def test_a_wrong_setting_stops_the_start_with_its_name(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "uvicorn", "api.app:app", "--port", "0"],
        cwd=ROOT,
        env={"FAROL_HOME": str(tmp_path), "FAROL_AUTH": "perhaps"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode != 0
    assert "FAROL_AUTH" in done.stderr


def test_slots_are_taken_from_the_lowest_and_handed_on(tmp_path: Path) -> None:
    first, second = claim(tmp_path), claim(tmp_path)
    first.tell(tmp_path, WorkerState(0, psutil.Process().pid, 1, "v1", NOW))

    seen = [state.slot for state in alive(tmp_path)]
    first.release()
    third = claim(tmp_path)

    assert (first.number, second.number, third.number) == (0, 1, 0)
    assert (first.first, second.first, third.first) == (True, False, False)
    assert seen == [0]
    second.release()
    third.release()


def test_a_worker_whose_process_is_gone_is_not_shown(tmp_path: Path) -> None:
    slot = claim(tmp_path)
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()

    slot.tell(tmp_path, WorkerState(0, process.pid, 1, "v1", NOW))

    assert alive(tmp_path) == []
    slot.release()
