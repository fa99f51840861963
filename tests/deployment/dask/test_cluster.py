"""A real scheduler with real workers, some of which die."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="Dask is an extra: make setup-scale")

from deployment.dask.cluster import Cluster
from deployment.dask.installation import ROOMS
from model.errors import ClusterFailed
from tests.architecture.imports import ROOT
from tests.deployment.dask import tasks
from tests.deployment.dask.processes import Started, end, started

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    # Of a connection that a killed process leaves behind.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
SLOW_MACHINE = 120.0


@pytest.fixture
def pool(cluster: Started) -> Iterator[Cluster]:
    with Cluster(cluster.address, SLOW_MACHINE) as opened:
        yield opened


def test_results_come_in_the_order_of_the_items(pool: Cluster) -> None:
    assert "threads at tcp://127.0.0.1" in pool.ready()
    assert list(pool.each(tasks.squared, 1, range(40))) == [1 + i * i for i in range(40)]


def test_an_error_of_the_work_is_the_same_error_here(pool: Cluster) -> None:
    with pytest.raises(ValueError, match=r"^no$"):
        list(pool.each(tasks.fails, ["shared secret of Ana"], ["Ana is 12"]))


def test_no_log_of_a_worker_says_what_a_failed_task_was_about(
    pool: Cluster, cluster: Started
) -> None:
    with pytest.raises(ValueError, match=r"^no$"):
        list(pool.each(tasks.fails, ["shared secret of Ana"], ["Ana is 12"]))

    logs = "".join(cluster.log(number) for number in range(2))
    assert "Compute Failed" in logs, "the log tells of failed tasks at all"
    assert "Ana" not in logs


def test_work_that_nobody_asks_for_any_more_is_given_up(pool: Cluster) -> None:
    results = pool.each(tasks.slept, 0.2, range(100))
    next(results)
    del results

    assert list(pool.each(tasks.squared, 0, [3])) == [9], "the queue was emptied"


def test_a_worker_that_is_killed_in_the_middle_is_survived(pool: Cluster, tmp_path: Path) -> None:
    killed = tmp_path / "killed"

    assert list(pool.each(tasks.dies_once, str(killed), range(8))) == list(range(8))
    assert killed.exists()


def test_work_whose_workers_always_die_ends_with_the_reason(pool: Cluster) -> None:
    with pytest.raises(ClusterFailed, match=r"FAROL_DASK=.*died of one and the same task, 4 times"):
        list(pool.each(tasks.dies, None, [1]))


def test_a_worker_with_its_nanny_gone_for_good_is_survived(tmp_path: Path) -> None:
    with started(tmp_path) as cluster, Cluster(cluster.address, SLOW_MACHINE) as pool:
        results = pool.each(tasks.slept, 0.3, range(20))
        first = next(results)
        end(cluster.workers[0])
        found = [first, *results]

    assert [item for item, _ in found] == list(range(20))


def test_a_cluster_without_workers_is_given_up_after_a_while(tmp_path: Path) -> None:
    with started(tmp_path, 1) as cluster, Cluster(cluster.address, SLOW_MACHINE, 8) as pool:
        results = pool.each(tasks.slept, 60.0, range(2))
        end(cluster.workers[0])

        with pytest.raises(ClusterFailed, match=r"FAROL_DASK=.*no worker is left"):
            next(results)


def test_a_scheduler_that_goes_away_ends_the_wait(tmp_path: Path) -> None:
    with started(tmp_path, 1) as cluster, Cluster(cluster.address, SLOW_MACHINE) as pool:
        results = pool.each(tasks.slept, 600.0, range(2))
        end(cluster.scheduler)

        with pytest.raises(ClusterFailed, match=r"FAROL_DASK=.*do not answer"):
            next(results)


def test_a_worker_of_other_code_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    for room in ROOMS:
        shutil.copytree(ROOT / room, other / room)
    with (other / "training" / "train.py").open("a") as changed:
        changed.write("# changed\n")

    with started(tmp_path / "cluster", 0) as cluster:
        cluster.add_worker(root=other)
        with (
            Cluster(cluster.address, SLOW_MACHINE) as pool,
            pytest.raises(ClusterFailed, match=r"Farol's code [0-9a-f]{12} instead of"),
        ):
            pool.ready()


def test_a_worker_of_other_code_that_comes_later_is_refused_by_its_tasks(tmp_path: Path) -> None:
    other = tmp_path / "other"
    for room in ROOMS:
        shutil.copytree(ROOT / room, other / room)
    shutil.copytree(ROOT / "tests" / "deployment" / "dask", other / "tests" / "deployment" / "dask")
    (other / "training" / "train.py").unlink()

    with (
        started(tmp_path / "cluster", 1) as cluster,
        Cluster(cluster.address, SLOW_MACHINE) as pool,
    ):
        pool.ready()
        cluster.add_worker(root=other)
        with pytest.raises(ClusterFailed, match="install the same commit"):
            list(pool.each(tasks.slept, 1.0, range(200)))


def test_a_worker_without_farol_is_told_so(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with started(tmp_path / "cluster", 0) as cluster:
        cluster.add_worker(root=elsewhere)
        with (
            Cluster(cluster.address, SLOW_MACHINE) as pool,
            pytest.raises(ClusterFailed, match="a worker cannot import deployment"),
        ):
            pool.ready()


def test_a_scheduler_that_is_not_there_is_named_by_its_setting() -> None:
    with (
        Cluster("tcp://127.0.0.1:9", 2) as pool,
        pytest.raises(ClusterFailed, match=r"FAROL_DASK=tcp://127\.0\.0\.1:9: the scheduler"),
    ):
        pool.ready()


def test_without_certificates_no_scheduler_is_asked_over_tls() -> None:
    with (
        Cluster("tls://127.0.0.1:9", 2) as pool,
        pytest.raises(ClusterFailed, match=r"FAROL_DASK=.*no certificates"),
    ):
        pool.ready()
