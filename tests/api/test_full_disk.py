"""What a full disk does to a host, and how it comes back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from api.durability.outbox import Outbox
from api.durability.prediction_log import LogPolicy, PredictionLog
from api.durability.storage import Storage
from database import indexes
from database.driver.client import open_registry
from database.embedded import lifecycle
from database.predictions import PredictionRepository
from model.errors import Overloaded
from tests.api import bundles
from tests.api.server import Server, served, until
from tests.api.test_prediction_log import MemoryRegistry, prediction
from tests.disks import fill, small_disk

RECORD = {"inde": 7.0, "ida": 6.0}


def test_an_outbox_that_takes_nothing_says_so_until_it_does(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "slot-0.sqlite")
    pages = box._db.execute("PRAGMA page_count").fetchone()[0]
    box._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Overloaded, match="full"):
        box.put([prediction() for _ in range(40)])

    box.probe()
    full = box.fault
    box._db.execute("PRAGMA max_page_count = 100000")
    box.probe()

    assert full == "database or disk is full"
    assert box.fault is None
    box.put([prediction() for _ in range(40)])
    assert box.rows == 40
    box.close()


def test_what_probes_is_never_shipped(tmp_path: Path) -> None:
    path = tmp_path / "slot-0.sqlite"
    box = Outbox(path)

    box.probe()

    assert box.oldest(10) == ([], 0)
    box.close()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
    db.close()


def test_a_home_that_takes_no_byte_is_told_within_seconds_and_forgotten_once_it_does(
    tmp_path: Path,
) -> None:
    box, passed = Outbox(tmp_path / "slot-0.sqlite"), [0.0]
    log = PredictionLog(MemoryRegistry(), box, LogPolicy())
    tried = tmp_path / "not there" / "slot-0.disk"
    storage = Storage(tmp_path, box, log, embedded=False, tried=tried, monotonic=lambda: passed[0])

    faults = []
    for seconds in (4.9, 0.1):
        passed[0] += seconds
        storage.look()
        faults.append(storage.fault)
    told, closed = storage.told(), storage.closed
    tried.parent.mkdir()
    storage.look()

    assert faults == [None, "No such file or directory"]
    assert told.startswith("records cannot be kept: No such file or directory; ")
    assert not closed  # A registry elsewhere takes them.
    assert storage.fault is None
    box.close()


@pytest.mark.slow
def test_a_full_disk_is_told_by_readiness_and_health_and_the_host_comes_back_by_itself(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "home", 64) as home:
        uri = lifecycle.ensure_running(home)
        try:
            with open_registry(uri, "farol") as registry, served(home, workers=2) as server:
                registry.run(indexes.ensure_indexes())
                bundles.promote(registry, bundles.register(registry, bundles.archive()))
                until(lambda: server.get("/health/ready").status_code == 200)
                assert _outbox(server)["state"] == "degraded"  # 64 MB are few.

                filler = fill(home)
                until(lambda: _everybody(server, 503))
                answered = [server.post("/predict", RECORD) for _ in range(6)]
                told = server.get("/health")
                part = told.json()["parts"]["outbox"]
                metrics = server.get("/metrics").text

                # The registry on the same disk may still have room for some in its own pages.
                assert {one.status_code for one in answered} <= {200, 503}
                kept = [one.json()["prediction_id"] for one in answered if one.is_success]
                assert {*registry.run(PredictionRepository().get_many(kept))} == {*kept}
                assert (told.status_code, told.json()["status"]) == (503, "down")
                assert part["state"] == "failed"
                assert "full" in part["detail"] and "0 MB are free in FAROL_HOME" in part["detail"]
                assert 'farol_outbox_failed{task="pede_lag"} 1.0' in metrics

                filler.unlink()
                until(lambda: _everybody(server, 200))
                until(lambda: server.post("/predict", RECORD).status_code == 200)
                lifecycle.stop(home)
                lifecycle.ensure_running(home)
                assert {*registry.run(PredictionRepository().get_many(kept))} == {*kept}
        finally:
            lifecycle.stop(home)


def _outbox(server: Server) -> dict[str, str]:
    part: dict[str, str] = server.get("/health").json()["parts"]["outbox"]
    return part


def _everybody(server: Server, status: int) -> bool:
    """Whichever worker answers: many calls, each on a connection of its own."""
    return all(server.get("/health/ready").status_code == status for _ in range(12))
