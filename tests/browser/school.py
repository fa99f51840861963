"""A school with a trained champion, served as its people meet it: registry, API, dashboard."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import yaml

from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.erasing.guarded import ErasureGuard
from database.watch.jobs import JobRepository
from model.trust.tombstone import TombstoneKey
from model.watch.job import JobState
from preprocessing.task.spec import load_task, task_text
from retraining.measuring.job import watch_performance
from tests import local
from tests.api.bundles import KEY
from tests.api.server import ROOT, Server, free_port, served, until

PREDICTED = 40


@dataclass(frozen=True, slots=True)
class School:
    """Where its API and its dashboard are, and what its parts are started with."""

    home: Path
    api: Server
    registry: SyncRegistry
    dashboard: str
    env: Mapping[str, str]

    def page(self, name: str, language: str = "pt") -> str:
        """The address of a page."""
        return f"{self.dashboard}/{name}?lang={language}"


@contextmanager
def opened(home: Path, data: Path) -> Iterator[School]:
    """The three years of PEDE read, a champion trained, drift checked, predictions served."""
    env = {
        "FAROL_HOME": str(home),
        "FAROL_AUTH": "off",
        "FAROL_SIGNING_KEY": KEY.decode(),
        "FAROL_DATA_KEY": KEY.decode(),
        "FAROL_TASK": str(_task(home)),
    }
    uri = lifecycle.ensure_running(home)
    try:
        _run(env, "preprocessing.ingest", *map(str, sorted(data.glob("pede_202*.csv"))))
        _run(env, "retraining.pipeline")
        with (
            open_registry(uri, "farol", hook=ErasureGuard(TombstoneKey(KEY))) as registry,
            served(home, workers=1, env=env) as api,
            dashboard(home, env | {"PORT": api.url.rpartition(":")[2]}) as url,
        ):
            _serve(api)
            _run(env, "drift.check")
            task = load_task(env["FAROL_TASK"])
            watch_performance(registry, task, KEY, datetime.now(UTC))
            _work(registry, datetime.now(UTC))
            yield School(home, api, registry, url, env)
    finally:
        lifecycle.stop(home)


def _task(home: Path) -> Path:
    """PEDE's own task, with one family, so that a run takes seconds; a person approves."""
    task = yaml.safe_load(task_text("pede_lag"))
    task["training"]["candidates"] = ["logistic_regression"]
    task["promotion"]["approval"] = "ask"
    path = home / "pede.yaml"
    path.write_text(yaml.safe_dump(task, allow_unicode=True, sort_keys=False), "utf-8")
    return path


def _run(env: Mapping[str, str], module: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT, env=os.environ | env, capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, f"{module}: {done.stdout[-2000:]}{done.stderr[-2000:]}"


@contextmanager
def dashboard(home: Path, env: Mapping[str, str]) -> Iterator[str]:
    """The dashboard of a home; gives its address."""
    port = free_port()
    command = [sys.executable, "-m", "dashboard"]
    command += ["--server.port", str(port), "--server.headless", "true"]
    with (home / "dashboard.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | env, stdout=log, stderr=log, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(f"{url}/_stcore/health"))
        yield url
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def worker(school: School) -> Iterator[None]:
    """The school's retraining worker is up meanwhile."""
    command = [sys.executable, "-m", "retraining.worker"]
    with (school.home / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | school.env, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def _answers(url: str) -> bool:
    try:
        return local.get(url, timeout=5).is_success
    except httpx.TransportError:
        time.sleep(0.1)
        return False


def _serve(api: Server) -> None:
    """Predictions for students of the newest period, as a school's system asks for them."""
    listed = api.get(f"/students/at-risk?limit={PREDICTED}").json()["students"]
    for student in listed:
        answer = api.post(f"/predict/{student['student_id']}")
        assert answer.status_code == 200, answer.text


def _work(registry: SyncRegistry, now: datetime) -> None:
    """What the worker would have told of two of its jobs."""
    hour = timedelta(hours=1)
    for job in (
        JobState(
            "drift", "pc/1", now + hour, now - hour, now, ok=True,
            result="1156 records compared; no drift",
        ),
        JobState(
            "performance", "pc/1", now + hour, now - hour, now - hour / 2, ok=True,
            result="1 hours of predictions were summed up; no outcome is new",
        ),
    ):  # fmt: skip
        registry.run(JobRepository().put(job))
