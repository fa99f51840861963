"""kill -9 of whatever can be killed, under load: nothing acknowledged is lost, none is doubled."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import httpx
import pytest

from api.durability.outbox import waiting
from database import indexes
from database.driver.client import open_registry
from database.embedded import lifecycle
from database.predictions import PredictionRepository
from preprocessing.task.spec import load_task
from tests import local
from tests.api import bundles
from tests.api.server import Server, served, until
from tests.api.tasks import task_file

pytestmark = pytest.mark.slow

RECORD = {"inde": 7.5, "ida": 3.0, "fase": 3}


@dataclass(frozen=True, slots=True)
class City:
    """A home whose tasks have a champion each.

    Attributes:
        databases: by the path of a task's calls; the default task has none.
    """

    home: Path
    env: dict[str, str]
    databases: dict[str, str]

    @property
    def paths(self) -> list[str]:
        return [*self.databases]


THREE = pytest.mark.parametrize("city", [3], indirect=True, ids=["three tasks"])
ONE = pytest.mark.parametrize("city", [1], indirect=True, ids=["one task"])


@pytest.fixture
def city(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[City]:
    home = tmp_path / "home"
    home.mkdir()
    further = [task_file(tmp_path, name) for name in ("night", "north")][: request.param - 1]
    uri = lifecycle.ensure_running(home)
    databases = {"": "farol"} | {f"/tasks/{p.stem}": f"farol_{p.stem}" for p in further}
    tasks = ["pede_lag", *map(str, further)]
    try:
        with open_registry(uri, "farol") as root:
            for name, db in zip(tasks, databases.values(), strict=True):
                registry = root.on(db)
                registry.run(indexes.ensure_indexes())
                packed = bundles.archive(task=load_task(name))
                bundles.promote(registry, bundles.register(registry, packed))
        yield City(home, {"FAROL_TASKS": ",".join(tasks)}, databases)
    finally:
        lifecycle.stop(home)


class Load:
    """Callers that remember what was acknowledged."""

    def __init__(self, url: str, paths: Sequence[str], callers: int = 4) -> None:
        self.acknowledged: dict[str, list[str]] = {path: [] for path in paths}
        self.refused = 0
        self.slowest = 0.0
        self._url = url
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(path,))
            for _, path in zip(range(max(callers, len(paths))), cycle(paths), strict=False)
        ]

    def _ask(self, path: str) -> None:
        while not self._stop.is_set():
            try:
                with local.client(base_url=self._url, timeout=5) as client:
                    while not self._stop.is_set():
                        self._ask_once(client, path)
            except httpx.TransportError:
                self.refused += 1
                time.sleep(0.02)

    def _ask_once(self, client: httpx.Client, path: str) -> None:
        started = time.monotonic()
        answer = client.post(f"{path}/predict", json=RECORD)
        if answer.status_code == 200:
            self.acknowledged[path].append(answer.json()["prediction_id"])
            self.slowest = max(self.slowest, time.monotonic() - started)
        else:
            self.refused += 1

    @contextmanager
    def on(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()


def assert_all_kept_once(city: City, acknowledged: dict[str, list[str]]) -> None:
    """Every acknowledged record is in its own task's database, once, and in no other."""
    kept: dict[str, list[str]] = {}
    tasks = [path.removeprefix("/tasks/") or "pede_lag" for path in city.paths]
    until(lambda: not any(waiting(city.home / "tasks" / t / "outbox") for t in tasks), 30)
    with open_registry(lifecycle.ensure_running(city.home), "farol") as root:
        for path, db in city.databases.items():
            found = root.on(db).run(PredictionRepository().newest(0))
            kept[path] = [p.prediction_id for p in found]
    everything = [one for ids in kept.values() for one in ids]
    assert len(everything) == len(set(everything))
    for path, ids in acknowledged.items():
        assert set(ids) <= set(kept[path])
        assert len(ids) == len(set(ids)) > 20


@THREE
def test_a_killed_worker_loses_nothing_and_is_replaced(city: City) -> None:
    with served(city.home, workers=2, env=city.env) as server:
        until(lambda: len(server.workers()) == 2)
        load = Load(server.url, city.paths)
        with load.on():
            time.sleep(1)
            victim = int(str(server.workers()[0]["pid"]))
            os.kill(victim, signal.SIGKILL)
            until(lambda: _pids(server) - {victim} == _pids(server) and len(_pids(server)) == 2)
            time.sleep(0.5)
        assert_all_kept_once(city, load.acknowledged)


@THREE
def test_all_workers_killed_at_once_lose_nothing(city: City) -> None:
    with served(city.home, workers=2, env=city.env) as server:
        until(lambda: len(server.workers()) == 2)
        load = Load(server.url, city.paths)
        with load.on():
            time.sleep(1)
            former = _pids(server)
            for pid in former:
                os.kill(pid, signal.SIGKILL)
            until(lambda: len(_pids(server)) == 2 and not _pids(server) & former)
            time.sleep(0.5)
        assert_all_kept_once(city, load.acknowledged)


@THREE
def test_a_killed_registry_is_not_noticed_by_callers_and_gets_everything_later(
    city: City,
) -> None:
    with served(city.home, workers=2, env=city.env) as server:
        until(lambda: len(server.workers()) == 2)
        load = Load(server.url, city.paths)
        with load.on():
            time.sleep(1)
            before = load.refused
            state = lifecycle.status(city.home).state
            assert state is not None
            os.kill(state.pid, signal.SIGKILL)
            time.sleep(2)
        assert load.refused == before
        assert_all_kept_once(city, load.acknowledged)


@ONE
def test_a_stop_finishes_what_was_begun_and_what_is_left_is_shipped_at_the_next_start(
    city: City,
) -> None:
    with served(city.home, workers=2, env=city.env) as server:
        until(lambda: len(server.workers()) == 2)
        load = Load(server.url, city.paths)
        with load.on():
            time.sleep(1)
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(20)
    with served(city.home, workers=1, env=city.env):
        assert_all_kept_once(city, load.acknowledged)


def _pids(server: Server) -> set[int]:
    try:
        return {int(str(w["pid"])) for w in server.workers() if w["version"]}
    except httpx.TransportError:
        return set()
