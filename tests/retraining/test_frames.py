"""Tables for a notebook: what they hold, and that the documented example runs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from database.driver.client import SyncRegistry
from model.drift import DriftReport, FeatureDrift
from preprocessing.dataset import TrainingSet
from retraining.frames import drift_report_frame, evidence_frame, training_set_frame
from tests.architecture.test_habits import ROOT
from tests.retraining.school import READING, START, SUMS, run, task, teach


def test_a_training_set_is_a_row_per_record_and_the_unknown_group_is_none() -> None:
    data = TrainingSet(
        records=({"grade": 5.0, "school": "a"}, {"school": "b"}),
        outcome=np.array([1.0, 0.0]),
        students=np.array(["S1", "S2"]),
        periods=np.array(["2022", "2022"]),
        protected={"gender": np.array(["girl", ""])},
    )

    frame = training_set_frame(data)

    assert list(frame.columns) == ["grade", "school", "protected.gender", "outcome"]
    assert frame.index.names == ["student", "period"]
    assert frame.loc[("S1", "2022"), "grade"] == 5.0
    assert frame["grade"].isna().tolist() == [False, True]
    assert frame["protected.gender"].isna().tolist() == [False, True]


def test_a_drift_report_is_a_row_per_feature_and_test() -> None:
    found = FeatureDrift("grade", "ks", 0.4, 0.001, 0.002, 0.4, 0.2, 0.3, True, 0.0, 0.1)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    report = DriftReport("r1", at, "v1", 100, ("2025",), (found,), True)

    frame = drift_report_frame(report)

    assert frame.index.tolist() == [("grade", "ks")]
    assert frame.loc[("grade", "ks"), "effect"] == 0.4
    assert bool(frame["drifted"].iloc[0])


@pytest.mark.parametrize("part", ["gains", "groups", "baselines"])
def test_evidence_without_a_comparison_is_an_empty_table(part: Any) -> None:
    assert evidence_frame({}, part).empty


@pytest.mark.slow
def test_the_example_of_the_documentation_runs_and_shows_what_the_registry_holds(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING)
    run(registry, home)
    teach(registry, "2023", SUMS, n=600)
    result = run(registry, home, run_id="run-2")
    (example,) = re.findall(
        r"## In a notebook.*?```python\n(.*?)```",
        (ROOT / "docs/training.md").read_text(),
        re.DOTALL,
    )
    names: dict[str, Any] = {
        "opened": registry, "task": task(), "now": START + timedelta(days=400),
    }  # fmt: skip

    exec(compile(ast.parse(example), "docs/training.md", "exec"), names)

    assert len(names["records"]) == 900
    assert names["shares"]["size"].to_dict() == {"2022": 300, "2023": 600}
    assert names["history"].index.tolist() == ["v1", "v2"]
    assert names["history"].loc["v2", "parent"] == "v1"
    assert isinstance(names["gains"], pd.DataFrame)
    (auc,) = (gain for gain in result.evidence["gains"] if gain["metric"] == "auc")
    assert names["gains"].loc["auc", "gain"] == pytest.approx(auc["gain"])
    assert ("gender", "girl") in names["groups"].index


@pytest.mark.parametrize("module", ["retraining.pipeline", "retraining.worker.jobs"])
def test_no_run_and_no_worker_loads_pandas_for_our_own_code(module: str) -> None:
    code = f"import sys, {module}; sys.exit('retraining.frames' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
