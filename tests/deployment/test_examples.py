"""Every task that ships is trained, served and listed; examples as docs/data.md tells."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deployment.bootstrap import bootstrap
from deployment.settings import load_settings
from deployment.up import welcome
from drift.policy import policy_of
from preprocessing.cohorts import samples
from preprocessing.cohorts.samples import example_record
from preprocessing.task.spec import TaskSpec, load_task, task_text
from retraining.worker.times import cron
from tests.api.bundles import KEY
from tests.api.server import Server, served
from training.candidates import load_task_to_train

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
EXAMPLES = ("uci_student", "exam_scores")
TASKS = sorted(path.stem for path in (ROOT / "preprocessing" / "tasks").glob("*.yaml"))


def documented(page: str, named: str) -> list[list[str]]:
    """The commands of the one block of a page that has a text in it, as words."""
    blocks = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    (block,) = [one for one in blocks if named in one]
    lines = [line.removeprefix("$ ") for line in block.splitlines()]
    return [shlex.split(line) for line in lines if line.startswith("python -m")]


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_trains_promotes_serves_and_lists_from_the_commands_of_its_page(
    name: str, home: Path, real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert real_data == ROOT.parent / "shared" / "data"  # What the page's paths lead to.
    for key, value in {"FAROL_TASK": name, "FAROL_HOME": str(home)}.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("FAROL_SIGNING_KEY", KEY.decode())
    monkeypatch.delenv("MONGO_URI", raising=False)
    told = ""
    for _, *command in documented(PAGE, f"export FAROL_TASK={name} "):
        told = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=dict(os.environ), check=True,
            capture_output=True, text=True,
        ).stdout  # fmt: skip
    task = load_task(name)

    assert "Promoted: v1 serves now." in told
    with served(home, workers=1) as server:
        predicts_and_lists(server, task)
        recorded = str(server.get("/models/v1").json()["lineage"]["leakage_override"])
        assert ("g1" in recorded) is (name == "uci_student")


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_a_task_in_the_folder_is_trained_served_and_listed_from_rows_of_its_own(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "STUDENTS", 250)
    monkeypatch.delenv("MONGO_URI", raising=False)
    samples.write_samples(load_task(name), home / "school")
    spoken = yaml.safe_load(task_text(name)) | {"training": {"candidates": ["ridge"]}}
    quick = home / f"{name}.yaml"
    quick.write_text(yaml.safe_dump(spoken, allow_unicode=True), encoding="utf-8")
    env = {
        "FAROL_HOME": str(home), "FAROL_TASK": str(quick), "FAROL_SIGNING_KEY": KEY.decode(),
    }  # fmt: skip
    lines: list[str] = []

    bootstrap(load_settings(env), data=home / "school", say=lines.append)

    assert f"Reading synthetic_{name}_2022.csv" in lines
    assert any("v1 serves" in line for line in lines), lines
    with served(home, workers=1, env=env) as server:
        predicts_and_lists(server, load_task(name))


@pytest.mark.parametrize("name", TASKS)
def test_a_task_in_the_folder_names_what_there_is_and_stands_on_the_page(name: str) -> None:
    task = load_task_to_train(name)
    policy_of(task.drift)
    for expression in (task.schedule.retrain, task.schedule.drift):
        cron(expression)

    assert task.name == name, f"{name}.yaml has the name {task.name}"
    assert f"\n| `{name}` " in PAGE, f"the first table of docs/data.md has no row of `{name}`"


def predicts_and_lists(server: Server, task: TaskSpec) -> None:
    answer = server.post("/predict", example_record(task))
    assert answer.status_code == 200
    assert answer.json()["model_version"] == "v1"
    listed = server.get("/students/at-risk?limit=5")
    assert listed.status_code == 200
    assert len(listed.json()["students"]) == 5
    (version,) = server.get("/models").json()["models"]
    assert version["version"] == "v1"


def test_files_that_name_no_period_start_with_the_one_that_is_given(home: Path) -> None:
    folder = home / "school"
    folder.mkdir()
    rows = "".join(f"{i % 21},{15 + i % 5},{i % 3},{(i * 7) % 21}\n" for i in range(40))
    (folder / "maths.csv").write_text("G1,age,failures,G3\n" + rows, encoding="utf-8")
    settings = load_settings({"FAROL_HOME": str(home), "FAROL_TASK": "uci_student"})
    lines: list[str] = []

    bootstrap(settings, data=folder, say=lines.append, period="2006")

    assert "Reading maths.csv" in lines
    assert not any("not used" in line for line in lines)
    assert any("40 labelled records in the window" in line for line in lines)


@pytest.mark.parametrize("name", TASKS)
def test_the_welcome_text_shows_a_call_with_the_tasks_own_fields(name: str, tmp_path: Path) -> None:
    settings = load_settings({"FAROL_HOME": str(tmp_path), "FAROL_TASK": name})
    task = load_task(name)

    (call,) = re.findall(r"-d '(\{.*\})'", welcome(settings, task))

    assert all(f'"{feature}":' in call for feature in example_record(task))
    assert '"inde"' not in call or name == "pede_lag"
