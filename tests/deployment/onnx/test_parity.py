"""A version's ONNX file scores as the version does: every family, and real files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from database.driver.client import open_registry
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from deployment.onnx import __main__ as command
from deployment.onnx import library
from deployment.onnx.running import OnnxScorer
from deployment.onnx.writing import TOLERANCE
from preprocessing.task.spec import TaskSpec, load_task, parse_task
from tests.api import bundles
from tests.studies.onnx_parity import FILES, labelled, parity, tables_of
from tests.training.conftest import made_up
from training.candidates import FAMILIES
from training.families.family import Family

pytestmark = pytest.mark.skipif(not library.installed(), reason="the extra onnx is not installed")
WALKED = [family for family in FAMILIES if family.installed]


TASK = """
name: made_up
title: Made up
id: {name: ra, kind: category}
features:
  - {name: grade}
  - {name: effort}
  - {name: lag}
  - {name: noise}
  - {name: school, kind: category}
outcome: {column: {name: lag}, below: 0, persistence: lag}
derived:
  - {name: gap, formula: "grade - effort * (lag < 0)"}
"""


@pytest.fixture
def task() -> TaskSpec:
    return parse_task(TASK, source="test")


@pytest.mark.parametrize("family", WALKED, ids=lambda family: family.name)
def test_every_family_that_ships_scores_the_same(family: Family, task: TaskSpec) -> None:
    quick = task.training.model_copy(update={"params": {family.name: few(family)}})
    data = made_up(200)

    found = parity(task.model_copy(update={"training": quick}), family.name, data, data.records)

    assert found.farthest <= TOLERANCE
    assert found.rows == 400


def few(family: Family) -> dict[str, Any]:
    """Small ensembles: what is asked is whether they are written right."""
    small = {"trees": 20, "members": ["decision_tree", "lightgbm"]}
    return {name: value for name, value in small.items() if name in family.settings}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", FILES)
def test_all_rows_of_pede_and_of_both_examples_score_the_same(name: str, real_data: Path) -> None:
    task = load_task(name)
    tables = tables_of(task)
    records = [one.features for table in tables for one in table.observations]

    for family in task.training.candidates:
        found = parity(task, family, labelled(task, tables), records)

        assert found.farthest <= TOLERANCE, family
        assert found.rows == 2 * len(records)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation with one version."""
    monkeypatch.setenv("FAROL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAROL_SIGNING_KEY", bundles.KEY.decode())
    monkeypatch.delenv("MONGO_URI", raising=False)
    home = tmp_path / "home"
    with open_registry(lifecycle.ensure_running(home), "farol") as registry:
        registry.run(ensure_indexes())
        bundles.promote(registry, bundles.register(registry, bundles.archive(1.0)))
    yield home
    lifecycle.stop(home)


def test_the_command_writes_the_champion_and_says_what_the_file_takes(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "pede_2024.csv"
    rows.write_text("RA,INDE 2024,IDA,IPV,Fase,Pedra 2024\nRA-1,7.1,5,6.5,3,Ametista\n")
    out = tmp_path / "champion.onnx"

    assert command.main(["--out", str(out), "--check", str(rows)]) == 0

    told = capsys.readouterr()
    assert told.out.startswith(f"{out}: v1, ")
    assert "answers risk_score" in told.out
    assert "pede_2024.csv: 1 rows, the farthest score is off by" in told.err
    scorer = OnnxScorer(out.read_bytes())
    assert set(scorer.features) == {"inde", "ida", "ipv", "fase", "pedra"}
    assert np.isfinite(scorer.score_many([{}])).all()
    import onnx

    about = {one.key: one.value for one in onnx.load(out).metadata_props}
    assert about["farol.version"] == "v1"
    assert '"operating":0.5' in about["farol.thresholds"]


@pytest.mark.parametrize("off", [2 * TOLERANCE, np.nan])
def test_a_file_that_scores_rows_otherwise_is_not_written(
    off: float, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = tmp_path / "pede_2024.csv"
    rows.write_text("RA,INDE 2024,IDA,IPV,Fase,Pedra 2024\nRA-1,7.1,5,6.5,3,Ametista\n")
    found = iter([0.0, off])
    monkeypatch.setattr(command, "farthest", lambda *_: next(found))
    out = tmp_path / "champion.onnx"

    assert command.main(["--out", str(out), "--check", str(rows), "--check", str(rows)]) == 1

    assert not out.exists()


def test_a_version_that_there_is_not_is_named_and_nothing_is_written(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["v9", "--out", str(tmp_path / "v9.onnx")]) == 1

    assert "v9" in capsys.readouterr().err
    assert not (tmp_path / "v9.onnx").exists()
