"""Tuning in a run: recorded, killed and taken up again, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from database.driver.client import SyncRegistry, open_registry
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from model.options import RunOptions
from retraining.run.execution import execute
from tests.retraining.school import READING, START, TASK, plan, run, task, teach

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TRIALS = RunOptions(trials=5)


def test_a_tuned_run_is_recorded_and_the_same_again(
    registry: SyncRegistry, embedded_uri: str, home: Path, tmp_path: Path
) -> None:
    with open_registry(embedded_uri, f"t{uuid4().hex[:12]}") as other:
        for one, place in ((registry, home), (other, tmp_path / "other")):
            teach(one, "2022", READING)
            run(one, place, options=TRIALS)
        first, second = (one.run(ModelVersionRepository().get("v1")) for one in (registry, other))
    kept = registry.run(RunRepository().get("run-1"))
    assert first.artifact == second.artifact
    assert kept.options["trials"] == 5
    (step,) = [step for step in kept.steps if step.name == "tuned"]
    assert step.detail.startswith("5 settings tried")
    assert not (home / "tuning").exists()


def test_settings_that_are_taken_are_those_of_the_version(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING)

    run(registry, home, options=TRIALS)

    version = registry.run(ModelVersionRepository().get("v1"))
    tuned = [entry for entry in version.candidates if entry.get("tuned")]
    usual = version.candidates[0]
    expected = tuned[0] if tuned and tuned[0]["taken"] else usual
    assert dict(version.params) == dict(expected["params"])


def test_a_run_killed_while_tuning_goes_on_where_it_was(
    registry: SyncRegistry, embedded_uri: str, db: str, home: Path, tmp_path: Path
) -> None:
    teach(registry, "2022", READING, n=150)
    spec = tmp_path / "school.yaml"
    spec.write_text(TASK, encoding="utf-8")
    env = {
        **os.environ, "MONGO_URI": embedded_uri, "MONGO_DB": db, "FAROL_HOME": str(home),
        "FAROL_TASK": str(spec), "FAROL_SIGNING_KEY": "a key of the tests",
    }  # fmt: skip
    command = [sys.executable, "-m", "retraining.pipeline", "--trials", "8", "--json"]

    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        for line in first.stderr:
            if " 4/8 tried" in line:
                first.send_signal(signal.SIGKILL)
                break
    again = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)

    said = [line for line in again.stderr.splitlines() if "/8 tried" in line]
    assert 1 <= len(said) <= 4
    assert json.loads(again.stdout)["challenger"] == "v1"
    with open_registry(embedded_uri, f"t{uuid4().hex[:12]}") as other:
        teach(other, "2022", READING, n=150)
        run(other, tmp_path / "other", options=RunOptions(trials=8))
        resumed, whole = (one.run(ModelVersionRepository().get("v1")) for one in (registry, other))
    assert resumed.artifact == whole.artifact


def test_a_budget_of_seconds_is_kept_by_the_run(registry: SyncRegistry, home: Path) -> None:
    teach(registry, "2022", READING)

    run(registry, home, options=RunOptions(seconds=0.5))

    (step,) = [s for s in registry.run(RunRepository().get("run-1")).steps if s.name == "tuned"]
    assert "settings tried" in step.detail


def test_a_dry_run_tunes_and_leaves_nothing(registry: SyncRegistry, home: Path) -> None:
    teach(registry, "2022", READING)
    said: list[str] = []
    dry = plan(home, task(), options=RunOptions(trials=3, dry_run=True))

    execute(registry, dry, clock=lambda: START + timedelta(days=400), say=said.append)

    assert any("3/3 tried" in line for line in said)
    assert not home.exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(("--trials", "-1"), "between 0 and 100000"), (("--seconds", "0"), "above 0")],
)
def test_a_budget_that_makes_no_sense_is_wrong_usage(
    arguments: tuple[str, ...], named: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "retraining.pipeline", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert named in done.stderr
