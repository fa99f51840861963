"""A cluster on which only holders of a certificate of one authority may speak."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="Dask is an extra: make setup-scale")

from deployment.exit_codes import ExitCode
from model.bundle import load_bundle
from preprocessing.predictor import Predictor
from tests.architecture.imports import ROOT
from tests.deployment.dask.authority import Certificate, certified
from tests.deployment.dask.processes import Started, started
from tests.training.test_beyond_memory import write

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

TASK = """
name: large
title: A large task
id: {name: student_id}
features:
  - {name: grade, low: 0, high: 10}
  - {name: effort, low: -5, high: 5}
  - {name: school, kind: category, categories: {public: [], private: []}}
outcome: {column: {name: late, low: -5, high: 5}, below: 0}
"""


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certified(tmp_path_factory.mktemp("ours") / "tls")


@pytest.fixture(scope="module")
def cluster(ours: Certificate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A scheduler and two workers with certificates."""
    folder = tmp_path_factory.mktemp("cluster")
    with started(folder, 2, tls=ours.options()) as running:
        assert running.address.startswith("tls://")
        yield running


def train(
    cluster: Started, folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """`python -m deployment.dask train`, as whoever trains starts it."""
    (folder / "large.yaml").write_text(TASK)
    return subprocess.run(
        [
            sys.executable, "-m", "deployment.dask", "train", str(write(folder / "window")),
            "--family", "xgboost", "--partition", "1000", "--out", str(folder / "bundle"),
        ],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
        env={
            **os.environ, "FAROL_HOME": str(folder / "home"),
            "FAROL_TASK": str(folder / "large.yaml"), "FAROL_DASK": cluster.address,
            **environment,
        },
    )  # fmt: skip


def test_a_model_is_trained_by_who_has_a_certificate(
    cluster: Started, ours: Certificate, tmp_path: Path
) -> None:
    done = train(cluster, tmp_path, ours.environment())

    assert done.returncode == ExitCode.DONE, done.stderr
    assert f"2 workers with 2 threads at {cluster.address}\n" in done.stderr, "encrypted"
    assert "xgboost of" in done.stdout and "by 2 workers" in done.stdout
    Predictor(load_bundle(tmp_path / "bundle")).self_test()


def test_one_without_a_certificate_is_refused(cluster: Started, tmp_path: Path) -> None:
    done = train(cluster, tmp_path, {})

    assert done.returncode == ExitCode.FAILED
    assert f"FAROL_DASK={cluster.address}: no certificates" in done.stderr
    assert not (tmp_path / "bundle").exists()


def test_one_with_a_certificate_of_another_authority_is_refused(
    cluster: Started, tmp_path: Path
) -> None:
    done = train(cluster, tmp_path, certified(tmp_path / "theirs").environment())

    assert done.returncode == ExitCode.FAILED
    assert f"FAROL_DASK={cluster.address}: the scheduler or its workers" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "bundle").exists()


def test_one_who_speaks_in_the_clear_is_refused(cluster: Started, tmp_path: Path) -> None:
    plain = Started(cluster.address.replace("tls://", "tcp://"), tmp_path, cluster.scheduler)

    done = train(plain, tmp_path, {})

    assert done.returncode == ExitCode.FAILED
    assert f"FAROL_DASK={plain.address}: the scheduler or its workers" in done.stderr


def test_a_worker_without_a_certificate_gets_no_work(
    cluster: Started, ours: Certificate, tmp_path: Path
) -> None:
    theirs = certified(tmp_path / "theirs")
    stranger = cluster.add_worker("--death-timeout", "10", *theirs.options(), named="stranger")

    assert stranger.wait(120) != 0

    done = train(cluster, tmp_path, ours.environment())
    assert "2 workers with" in done.stderr and done.returncode == ExitCode.DONE
