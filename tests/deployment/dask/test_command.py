"""`python -m deployment.dask` as an operator starts it, without a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet
import pytest

from database.driver.client import open_registry
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from deployment.dask.__main__ import main
from deployment.exit_codes import ExitCode
from tests.api import bundles

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
