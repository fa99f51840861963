"""Whole runs whose work a cluster does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="Dask is an extra: make setup-scale")

from database.aliases import CHAMPION, AliasRepository
from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from database.runs import RunRepository
from deployment.dask.cluster import Cluster
from model.errors import ClusterFailed
from model.run import RunStatus
from preprocessing.files.loading import read_tables
from preprocessing.ingesting.tables import ingest
from preprocessing.task.spec import load_task
from retraining.run.execution import execute
from retraining.run.journal import Say
from retraining.run.plan import RunResult
from tests.deployment.dask.processes import end, started
from tests.retraining import school
from tests.training.conftest import DATA

pytestmark = pytest.mark.timeout(1800)
NOW = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("registry")
    yield lifecycle.ensure_running(home, idle_seconds=600)
    lifecycle.stop(home)


@pytest.mark.slow
def test_a_run_that_finds_no_cluster_is_recorded_as_failed_and_the_champion_serves_on(
    uri: str, tmp_path: Path
) -> None:
    with open_registry(uri, "nobody") as registry, Cluster("tcp://127.0.0.1:9", 2) as pool:
        registry.run(ensure_indexes())
        school.teach(registry, "2022", school.READING)
        before = school.run(registry, tmp_path).champion
        school.teach(registry, "2023", school.SUMS)
        plan = replace(school.plan(tmp_path, school.task(), run_id="run-2"), pool=pool)
        later = school.START + timedelta(days=800)

        with pytest.raises(ClusterFailed, match="FAROL_DASK"):
            execute(registry, plan, clock=lambda: later, say=lambda _: None)

        run = registry.run(RunRepository().get("run-2"))
        alias = registry.run(AliasRepository().find(CHAMPION))
        assert run.status is RunStatus.FAILED
        assert "FAROL_DASK=tcp://127.0.0.1:9" in (run.error or "")
        assert alias is not None and alias.version == before


@pytest.mark.long
@pytest.mark.skipif(not DATA.is_dir(), reason=f"the PEDE files are not in {DATA}")
def test_on_pede_the_decision_is_that_of_one_process_though_a_worker_dies(
    uri: str, tmp_path: Path
) -> None:
    with started(tmp_path / "cluster") as cluster, Cluster(cluster.address, 120) as pool:
        told: list[str] = []

        def say(line: str) -> None:
            told.append(line)
            if line.startswith("[1/"):
                # In the middle of the candidates, with its nanny: nobody starts it again.
                threading.Thread(target=end, args=(cluster.workers[0],)).start()

        with open_registry(uri, "alone") as registry:
            alone = _two_runs(registry, tmp_path / "alone", None, lambda _: None)
        with open_registry(uri, "together") as registry:
            together = _two_runs(registry, tmp_path / "together", pool, say)

    assert cluster.workers[0].returncode is not None, "it was killed"
    for one, other in zip(alone, together, strict=True):
        assert other.to_mapping() == one.to_mapping()


def _two_runs(
    registry: SyncRegistry, home: Path, pool: Cluster | None, say: Say
) -> list[RunResult]:
    """The first champion on 2022→2023, then a challenger with 2023→2024 too."""
    registry.run(ensure_indexes())
    task = load_task("pede_lag")
    made = []
    for number, years in enumerate(((2022, 2023), (2024,))):
        for year in years:
            for table in read_tables(DATA / f"pede_{year}.csv", task, now=NOW):
                registry.run(ingest(table, task, now=NOW + timedelta(days=number)))
        plan = school.plan(home, task, run_id=f"run-{number}")
        if pool is not None:
            plan = replace(plan, pool=pool)
        at = NOW + timedelta(days=number, hours=1)
        made.append(execute(registry, plan, clock=partial(_same, at), say=say))
    return made


def _same(at: datetime) -> datetime:
    return at
