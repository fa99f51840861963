"""kill -9 of whatever can be killed, under load: nothing acknowledged is lost, none is doubled."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from api.durability.outbox import waiting
from database import indexes
from database.driver.client import open_registry
from database.embedded import lifecycle
from database.predictions import PredictionRepository
from tests.api import bundles
from tests.api.server import Server, served, until

pytestmark = pytest.mark.slow

RECORD = {"inde": 7.5, "ida": 3.0, "fase": 3}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    uri = lifecycle.ensure_running(tmp_path)
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(indexes.ensure_indexes())
            bundles.promote(registry, bundles.register(registry, bundles.archive()))
        yield tmp_path
    finally:
        lifecycle.stop(tmp_path)


class Load:
    """Callers that remember what was acknowledged."""

    def __init__(self, url: str, callers: int = 4) -> None:
        self.acknowledged: list[str] = []
        self.refused = 0
        self.slowest = 0.0
        self._url = url
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(callers)]

    def _ask(self) -> None:
        while not self._stop.is_set():
            try:
                with httpx.Client(base_url=self._url, timeout=5) as client:
                    while not self._stop.is_set():
                        self._ask_once(client)
            except httpx.TransportError:
                self.refused += 1
                time.sleep(0.02)

    def _ask_once(self, client: httpx.Client) -> None:
        started = time.monotonic()
        answer = client.post("/predict", json=RECORD)
        if answer.status_code == 200:
            self.acknowledged.append(answer.json()["prediction_id"])
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


def assert_all_kept_once(home: Path, acknowledged: list[str]) -> None:
    until(lambda: waiting(home / "outbox") == 0, 30)
    with open_registry(lifecycle.ensure_running(home), "farol") as registry:
        kept = [p.prediction_id for p in registry.run(PredictionRepository().newest(0))]
    assert len(kept) == len(set(kept))
    assert set(acknowledged) <= set(kept)
    assert len(acknowledged) == len(set(acknowledged)) > 20


def test_a_killed_worker_loses_nothing_and_is_replaced(home: Path) -> None:
    with served(home, workers=2) as server:
        until(lambda: len(server.workers()) == 2)
        load = Load(server.url)
        with load.on():
            time.sleep(1)
            victim = int(str(server.workers()[0]["pid"]))
            os.kill(victim, signal.SIGKILL)
            until(lambda: _pids(server) - {victim} == _pids(server) and len(_pids(server)) == 2)
            time.sleep(0.5)
        assert_all_kept_once(home, load.acknowledged)


def test_all_workers_killed_at_once_lose_nothing(home: Path) -> None:
    with served(home, workers=2) as server:
        until(lambda: len(server.workers()) == 2)
        load = Load(server.url)
        with load.on():
            time.sleep(1)
            former = _pids(server)
            for pid in former:
                os.kill(pid, signal.SIGKILL)
            until(lambda: len(_pids(server)) == 2 and not _pids(server) & former)
            time.sleep(0.5)
        assert_all_kept_once(home, load.acknowledged)


def test_a_killed_registry_is_not_noticed_by_callers_and_gets_everything_later(
    home: Path,
) -> None:
    with served(home, workers=2) as server:
        until(lambda: len(server.workers()) == 2)
        load = Load(server.url)
        with load.on():
            time.sleep(1)
            before = load.refused
            state = lifecycle.status(home).state
            assert state is not None
            os.kill(state.pid, signal.SIGKILL)
            time.sleep(2)
        assert load.refused == before
        assert_all_kept_once(home, load.acknowledged)


def test_a_stop_finishes_what_was_begun_and_what_is_left_is_shipped_at_the_next_start(
    home: Path,
) -> None:
    with served(home, workers=2) as server:
        until(lambda: len(server.workers()) == 2)
        load = Load(server.url)
        with load.on():
            time.sleep(1)
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(20)
    with served(home, workers=1):
        assert_all_kept_once(home, load.acknowledged)


def _pids(server: Server) -> set[int]:
    try:
        return {int(str(w["pid"])) for w in server.workers() if w["version"]}
    except httpx.TransportError:
        return set()
