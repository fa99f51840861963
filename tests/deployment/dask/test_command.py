"""`python -m deployment.dask` as an operator starts it, without a cluster."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet
import pytest

from database.driver.client import open_registry
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from database.versions import ModelVersionRepository
from deployment.dask.__main__ import main
from deployment.exit_codes import ExitCode
from deployment.wiring import registry, settings_from_environment
from tests.api import bundles
from tests.retraining import school

ROWS = {"student_id": [f"S{i}" for i in range(6)], "inde": [7.1] * 6, "ida": [5.0] * 6}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation with one version."""
    home = tmp_path / "home"
    monkeypatch.setenv("FAROL_HOME", str(home))
    monkeypatch.setenv("FAROL_SIGNING_KEY", bundles.KEY.decode())
    monkeypatch.delenv("MONGO_URI", raising=False)
    with open_registry(lifecycle.ensure_running(home), "farol") as registry:
        registry.run(ensure_indexes())
        bundles.promote(registry, bundles.register(registry, bundles.archive(1.0)))
    yield home
    lifecycle.stop(home)


def test_a_scoring_that_fails_leaves_nothing_and_can_be_begun_again(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    students, out = tmp_path / "students", tmp_path / "scores"
    students.mkdir()
    for name in ("a", "b"):
        pyarrow.parquet.write_table(pyarrow.table(ROWS), students / f"{name}.parquet")
    whole = (students / "b.parquet").read_bytes()
    (students / "b.parquet").write_bytes(whole[:4] + bytes(60) + whole[64:])
    asked = ["score", str(students), "--period", "2024", "--out", str(out)]

    assert main(asked) == ExitCode.USAGE
    assert "b.parquet" in capsys.readouterr().err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["home", "students"]

    (students / "b.parquet").write_bytes(whole)
    assert main(asked) == ExitCode.DONE
    assert capsys.readouterr().out == f"{out}: 12 rows by v1, 2 files\n"
    found = pyarrow.parquet.read_table(out)
    assert found["risk_score"].null_count == 0
    assert main(asked) == ExitCode.USAGE, "what is there is not written over"


@pytest.mark.slow
def test_a_run_reads_the_registry_by_two_processes_and_leaves_a_version_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, shared = tmp_path / "home", tmp_path / "shared"
    shared.mkdir()
    (tmp_path / "school.yaml").write_text(school.TASK)
    monkeypatch.setenv("FAROL_HOME", str(home))
    monkeypatch.setenv("FAROL_TASK", str(tmp_path / "school.yaml"))
    monkeypatch.delenv("MONGO_URI", raising=False)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # the tests' own stays
    settings = settings_from_environment()
    try:
        with registry(settings) as opened:
            school.teach(opened, "2022", school.READING, n=1500)
        asked = ["run", "--partition", "150", "--processes", "2", "--folder", str(shared)]
        assert main(asked) == ExitCode.DONE
        told = capsys.readouterr()
        assert "window: 1,500 labelled records in 10 files" in told.err
        assert "Promoted: v1 serves now." in told.out
        with registry(settings) as opened:
            (version,) = opened.run(ModelVersionRepository().newest())
        assert version.family == "lightgbm" and version.card is not None
        assert list(shared.iterdir()) == []
        assert list(home.rglob("farol-window-*")) == []
        nowhere = [*asked[:-1], str(tmp_path / "nowhere")]
        assert main(nowhere) == ExitCode.USAGE
        assert "--folder" in capsys.readouterr().err
    finally:
        lifecycle.stop(home)
