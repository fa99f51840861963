"""What the registry holds of the loop, as metrics: pure, through a file of the host, and live."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from api.metrics.declared import DRIFT_EFFECT, OF_REGISTRY, RUNS
from api.metrics.facts import MOST_ROWS, LoopFacts, samples_of
from api.metrics.loop import LoopReader
from api.metrics.requests import counted
from api.metrics.snapshot import SnapshotCollector, read_snapshots, write_snapshot
from api.services import Folders
from database.leases import RELEASED
from model.drift import DriftReport, FeatureDrift
from model.errors import RegistryUnavailable
from model.run import Lease, RunOutline, RunStatus
from model.version import Alias
from model.watch.alarm import AlarmLevel, FeatureAlarm, WatchState
from model.watch.job import JobState
from model.watch.notice import Telling
from model.watch.performance import Degradation, Measure
from preprocessing.task.spec import load_task
from tests.api.conftest import World
from tests.api.server import served, until

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
TASK = "pede_lag"
ROW = FeatureDrift("ipv", "ks", 0.3, 1e-9, 1e-8, 0.3, 0.1, 0.4, True, 0.0, 0.0)
REPORT = DriftReport(
    "d1", NOW, "v3", 600, ("2025",), (ROW,), True,
    realised={"recall": 0.6, "precision": 0.7}, estimated={"recall": 0.7, "precision": 0.75},
)  # fmt: skip
CHAMPION = Alias("champion", "v3", 5, NOW - timedelta(days=40))
FULL = LoopFacts(
    at=NOW,
    report=REPORT,
    alarms=WatchState(
        "v3", NOW, "d1", "2025", "d", (FeatureAlarm("ipv", AlarmLevel.ALARMED, 2, NOW),)
    ),
    runs=(
        RunOutline("r3", RunStatus.RUNNING, "schedule"),
        RunOutline("r2", RunStatus.FAILED, "the school's office", NOW - timedelta(hours=1)),
        RunOutline("r1", RunStatus.KEPT, "drift", NOW - timedelta(days=7)),
    ),
    lease=Lease("worker:pede_lag", "host/1", 3, NOW + timedelta(seconds=30), "another task"),
    jobs=(JobState("drift", "host/1", NOW, NOW, NOW, "done", False, 3, "why"),),
    waiting=True,
    champion=CHAMPION,
    when_made={"recall": 0.8, "precision": 0.72},
    degradations=(Degradation(Measure.RECALL, 0.8, 0.5, 0.65, 0.58, 90, NOW, 0.001),),
    labelled=0.4,
    orphans=12,
    notices={Telling.SENT: 7, Telling.FAILED: 1},
)


def told(facts: LoopFacts, name: str) -> dict[tuple[str, ...], float]:
    """The values of a metric by its labels but the task."""
    return {
        tuple(value for label, value in sample.labels.items() if label != "task"): sample.value
        for sample in samples_of(TASK, facts)
        if sample.name == name
    }


def test_every_declared_fact_is_told_where_all_is_known() -> None:
    assert {sample.name for sample in samples_of(TASK, FULL)} == {m.name for m in OF_REGISTRY}


def test_of_a_new_installation_only_what_is_known_is_told() -> None:
    samples = samples_of(TASK, LoopFacts(at=NOW))

    assert [(s.name, s.value) for s in samples] == [
        ("farol_registry_read_timestamp_seconds", NOW.timestamp()),
        ("farol_approval_waiting", False),
    ]


def test_runs_are_told_by_end_and_asker_and_no_client_by_its_name() -> None:
    assert told(FULL, "farol_runs") == {
        ("running", "schedule"): 1, ("failed", "client"): 1, ("kept", "drift"): 1,
    }  # fmt: skip
    assert told(FULL, "farol_runs_failed_in_a_row") == {(): 1}
    assert told(FULL, "farol_run_finished_timestamp_seconds") == {
        (): (NOW - timedelta(hours=1)).timestamp()
    }


def test_drift_is_told_by_feature_in_multiples_of_the_limit_the_largest_first() -> None:
    rows = tuple(replace(ROW, feature=f"x{i}", effect=i / 100) for i in range(MOST_ROWS + 5))

    effects = told(replace(FULL, report=replace(REPORT, features=rows)), "farol_drift_effect_ratio")

    assert told(FULL, "farol_drift_effect_ratio")[("ipv", "ks")] == pytest.approx(3.0)
    assert len(effects) == MOST_ROWS
    assert ("x0", "ks") not in effects


def test_alarms_are_counted_by_level_also_where_there_are_none() -> None:
    assert told(FULL, "farol_drift_alarms") == {
        ("quiet",): 0, ("suspected",): 0, ("alarmed",): 1, ("acknowledged",): 0,
    }  # fmt: skip


def test_jobs_are_told_by_what_is_declared_of_them() -> None:
    assert told(FULL, "farol_job_failures") == {("drift",): 3.0}
    assert told(FULL, "farol_job_ok") == {("drift",): 0.0}


def test_recall_of_a_report_about_a_former_champion_is_not_that_of_this_one() -> None:
    newer = replace(FULL, champion=replace(CHAMPION, version="v4"))

    assert told(FULL, "farol_recall") == {
        ("when_made",): 0.8, ("expected",): 0.7, ("realised",): 0.6,
    }  # fmt: skip
    assert told(newer, "farol_recall") == {("when_made",): 0.8}


def test_a_lease_that_was_given_back_is_no_worker_that_died() -> None:
    assert FULL.lease is not None
    given_back = replace(FULL, lease=replace(FULL.lease, expires_at=RELEASED))

    assert told(given_back, "farol_retraining_lease_expires_timestamp_seconds") == {(): 0.0}


def test_a_value_or_label_that_is_not_declared_is_not_written() -> None:
    with pytest.raises(ValueError, match=r"farol_runs: status cannot be 'lost'"):
        RUNS.sample(1, task=TASK, status="lost", requested_by="cli")
    with pytest.raises(ValueError, match="has the labels task, feature, test"):
        DRIFT_EFFECT.sample(1, task=TASK)


def test_what_was_read_is_answered_by_any_worker_and_what_is_gone_is_not(tmp_path: Path) -> None:
    write_snapshot(tmp_path, TASK, samples_of(TASK, FULL))
    write_snapshot(
        tmp_path, "other", [RUNS.sample(4, task="other", status="kept", requested_by="cli")]
    )
    write_snapshot(tmp_path, TASK, samples_of(TASK, replace(FULL, report=None)))
    (tmp_path / "registry-broken.json").write_bytes(b"{")
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(tmp_path))

    page = generate_latest(registry).decode()

    assert 'farol_runs{requested_by="cli",status="kept",task="other"} 4.0' in page
    assert 'farol_labelled_share{task="pede_lag"} 0.4' in page
    assert "farol_drift_effect_ratio" not in page


class Away:
    """A registry that does not answer."""

    async def run(self, op: Any) -> Any:
        raise RegistryUnavailable("nobody answers")

    async def ping(self) -> None:
        raise RegistryUnavailable("nobody answers")


def test_while_the_registry_is_away_what_was_read_before_stays(tmp_path: Path) -> None:
    before = [RUNS.sample(4, task=TASK, status="kept", requested_by="cli")]
    write_snapshot(tmp_path, TASK, before)
    reader = LoopReader(load_task(TASK), Away(), Away(), lambda: True, tmp_path, lambda: NOW)

    async def follow_for_a_moment() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.follow(), 0.05)

    asyncio.run(follow_for_a_moment())

    assert list(read_snapshots(tmp_path)) == before


def test_a_worker_that_does_not_lead_reads_nothing(tmp_path: Path) -> None:
    reader = LoopReader(load_task(TASK), Away(), Away(), lambda: False, tmp_path, lambda: NOW)

    async def follow_for_a_moment() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.follow(), 0.05)

    asyncio.run(follow_for_a_moment())

    assert list(read_snapshots(tmp_path)) == []


class Noted:
    """Metrics that remember what they were told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []

    def requested(self, operation: str, status: int, seconds: float) -> None:
        assert seconds >= 0
        self.calls.append((operation, status))


def test_an_answer_is_counted_by_its_route_and_one_that_never_began_as_500() -> None:
    noted = Noted()

    async def answers(scope: Any, _receive: Any, send: Any) -> None:
        scope["route"] = type("Route", (), {"name": "list_runs"})
        await send({"type": "http.response.start", "status": 404, "headers": []})

    async def fails(_scope: Any, _receive: Any, _send: Any) -> None:
        raise ZeroDivisionError

    async def ask(app: Any) -> None:
        async def nothing(*_: Any) -> Any:
            return None

        await counted(app, noted, {"type": "http"}, nothing, nothing)  # type: ignore[arg-type]

    asyncio.run(ask(answers))
    with pytest.raises(ZeroDivisionError):
        asyncio.run(ask(fails))

    assert noted.calls == [("list_runs", 404), ("none", 500)]


def test_what_workers_counted_last_is_kept_when_they_stop(world: World) -> None:
    with served(world.home) as server:
        until(lambda: len(server.workers()) == 4 and all(w["version"] for w in server.workers()))
        answers = [server.post("/predict", {"inde": 7.5}) for _ in range(5)]

    registry = CollectorRegistry()
    folder = Folders(world.home, world.home).metrics
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    (kept,) = (one for one in registry.collect() if one.name == "farol_predictions")
    assert {answer.status_code for answer in answers} == {200}
    assert sum(sample.value for sample in kept.samples) == len(answers)
