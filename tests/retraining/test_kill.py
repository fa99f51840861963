"""The pipeline killed for real, at every step, from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from database.aliases import CHAMPION, AliasRepository
from database.driver.client import SyncRegistry
from database.looks import LookRepository
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from model.promotion import DecisionStatus
from model.run import RunStatus
from tests.retraining.school import READING, SUMS, TASK, teach

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
STEPS = ("window", "champion", "leakage", "trained", "look", "decided", "registered", "promoted")


@pytest.fixture
def env(embedded_uri: str, db: str, home: Path, tmp_path: Path) -> dict[str, str]:
    spec = tmp_path / "school.yaml"
    spec.write_text(TASK, encoding="utf-8")
    return {
        **os.environ,
        "MONGO_URI": embedded_uri,
        "MONGO_DB": db,
        "FAROL_HOME": str(home),
        "FAROL_TASK": str(spec),
        "FAROL_SIGNING_KEY": "a key of the tests",
    }


def pipeline(env: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "retraining.pipeline", *arguments],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_after(env: dict[str, str], step: str) -> None:
    with pipeline(env) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if f" s  {step}: " in line:
                process.send_signal(signal.SIGKILL)
                break
        assert process.wait(30) in {-signal.SIGKILL, 0}


def finish(env: dict[str, str], *arguments: str) -> tuple[int, dict[str, object]]:
    with pipeline(env, "--json", *arguments) as process:
        out, _ = process.communicate(timeout=120)
    return process.returncode, json.loads(out)


def test_a_run_killed_at_any_step_leaves_the_champion_serving_and_the_next_run_clean(
    registry: SyncRegistry, env: dict[str, str]
) -> None:
    past = datetime.now(UTC) - timedelta(days=800)
    teach(registry, "2022", READING, now=past)
    assert finish(env)[0] == 0
    teach(registry, "2023", SUMS, n=600, now=past + timedelta(days=365))

    for step in STEPS[:-1]:
        kill_after(env, step)
        alias = registry.run(AliasRepository().find(CHAMPION))
        assert alias is not None
        # The kill lands a moment after the step: the run may have come to its last write.
        served = registry.run(PromotionRepository().champion_at(datetime.now(UTC)))
        assert alias.version == served
        registry.run(ModelVersionRepository().get(alias.version))
        if alias.version != "v1":
            break
    code, told = finish(env)

    assert code == 0
    numbers = [version.number for version in registry.run(ModelVersionRepository().newest())]
    assert numbers == list(range(len(numbers), 0, -1))
    ledger = [
        p
        for p in registry.run(PromotionRepository().newest())
        if p.status is DecisionStatus.PROMOTED
    ]
    assert [p.revision for p in ledger] == [2, 1]
    assert told["champion"] == ledger[0].challenger
    taken = registry.run(LookRepository().get("2023")).looks
    assert [look.alpha for look in taken] == [pytest.approx(0.05)]
    statuses = {run.status for run in registry.run(RunRepository().newest())}
    assert RunStatus.RUNNING not in statuses
    assert RunStatus.ABANDONED in statuses


def test_the_pipeline_speaks_by_exit_code_and_one_json_object(
    registry: SyncRegistry, env: dict[str, str]
) -> None:
    code, told = finish(env)
    assert (code, told["status"]) == (3, "not_enough_data")

    teach(registry, "2022", READING, now=datetime.now(UTC) - timedelta(days=800))
    code, told = finish(env, "--seed", "7")
    assert (code, told["status"], told["champion"]) == (0, "promoted", "v1")
    assert {"run_id", "challenger", "reasons", "evidence"} <= told.keys()

    with pipeline(env) as process:
        assert process.stderr is not None
        assert any(" s  champion: " in line for line in process.stderr)
        process.send_signal(signal.SIGSTOP)
        try:
            code, told = finish(env)
        finally:
            process.send_signal(signal.SIGCONT)
        process.communicate(timeout=120)
    assert (code, told["status"]) == (4, "lease_held")
    assert process.returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [["--window", "0"], ["--min-recall-gain", "2"], ["--seed", "-1"], ["--seed", "x"], ["--no"]],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], env: dict[str, str]) -> None:
    with pipeline(env, *arguments) as process:
        _, error = process.communicate(timeout=60)

    assert process.returncode == 2
    assert arguments[0] in error


def test_an_unknown_task_is_named_and_exit_code_2(env: dict[str, str]) -> None:
    with pipeline(env | {"FAROL_TASK": "no_such_task"}) as process:
        _, error = process.communicate(timeout=60)

    assert process.returncode == 2
    assert "FAROL_TASK" in error
