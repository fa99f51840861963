"""`python -m deployment.tasks`: what an operator types, and what is there afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from database.audit import AuditRepository
from database.embedded import lifecycle
from database.installation import recorded_task
from deployment.settings import Settings, load_settings
from deployment.tasks.adding import Added, Retired
from deployment.tasks.installed import InstalledTask, all_installed, installed
from deployment.tasks.listing import TaskLine, table
from deployment.tasks.telling import told_added, told_retired
from deployment.wiring import root_registry
from preprocessing.task.changes import TaskChanges
from preprocessing.task.spec import task_text
from tests.api.tasks import task_file

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose tasks each test adds to, in the order of this file."""
    folder = tmp_path_factory.mktemp("home")
    yield folder
    lifecycle.stop(folder)


@pytest.fixture(scope="module")
def night_school(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A task that was added to the home."""
    path = task_file(tmp_path_factory.mktemp("own"), "night_school")
    done = tasks(home, "add", str(path))
    assert done.returncode == 0, done.stderr
    assert "night_school: added, in database farol_night_school" in done.stdout
    assert "preprocessing.ingest FILE... --task night_school" in done.stdout
    return path


def tasks(home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MONGO", "FAROL"))}
    return subprocess.run(
        [sys.executable, "-m", "deployment.tasks", *arguments],
        cwd=ROOT, env=clean | {"FAROL_HOME": str(home), **env}, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip


def listed(home: Path, **env: str) -> dict[str, dict[str, Any]]:
    done = tasks(home, "list", "--json", **env)
    assert done.returncode == 0, done.stderr
    return {line["name"]: line for line in json.loads(done.stdout)["tasks"]}


def test_an_added_task_has_a_private_file_a_database_and_is_served(
    home: Path, night_school: Path
) -> None:
    file = home / "tasks" / "night_school" / "task.yaml"
    settings = load_settings({"FAROL_HOME": str(home)})

    assert file.read_text("utf-8") == night_school.read_text("utf-8")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [task.name for task in all_installed(settings)] == ["pede_lag", "night_school"]
    with root_registry(settings) as root:
        assert root.run(recorded_task()) == "pede_lag"  # Added first, and not the first task.
        events = root.run(AuditRepository().newest(0))
    assert [(e.action, e.subject) for e in events] == [("add", "task night_school")]


def test_the_list_tells_where_each_task_is_and_what_it_holds(
    home: Path, night_school: Path
) -> None:
    line = listed(home)["night_school"]

    assert (line["database"], line["served"], line["champion"]) == (
        "farol_night_school",
        True,
        None,
    )
    assert line["counts"] == {"students": 0, "predictions": 0, "labels": 0}
    assert "night_school  served" in tasks(home, "list").stdout


def test_adding_the_same_file_again_changes_nothing(home: Path, night_school: Path) -> None:
    done = tasks(home, "add", str(night_school))

    assert (done.returncode, "night_school: as it was" in done.stdout) == (0, True)


def test_a_file_that_is_no_task_is_refused_with_the_key(home: Path, tmp_path: Path) -> None:
    path = task_file(tmp_path, "broken")
    path.write_text(path.read_text("utf-8") + "schedule: {retrain: every monday}\n", "utf-8")

    done = tasks(home, "add", str(path))

    assert done.returncode == 2
    assert "schedule.retrain" in done.stderr
    assert not (home / "tasks" / "broken").exists()


def test_the_default_task_cannot_be_retired(home: Path, night_school: Path) -> None:
    done = tasks(home, "retire", "pede_lag")

    assert done.returncode == 2
    assert "make another one the default first (FAROL_TASK)" in done.stderr


def test_a_task_that_there_is_not_cannot_be_retired(home: Path, night_school: Path) -> None:
    done = tasks(home, "retire", "nigth_school")

    assert done.returncode == 2
    assert "known are night_school" in done.stderr


@pytest.mark.slow
def test_a_retired_task_is_served_no_more_keeps_its_data_and_can_be_taken_back(
    home: Path, night_school: Path
) -> None:
    retired = home / "tasks" / "night_school" / "task.retired.yaml"

    done = tasks(home, "retire", "night_school")
    after = listed(home)["night_school"]
    back = tasks(home, "add", str(retired))

    assert done.returncode == 0, done.stderr
    assert f"deployment.tasks add {retired}" in done.stdout
    assert "Its data stay: database farol_night_school" in done.stdout
    assert (after["served"], after["retired_at"] is None) == (False, False)
    assert "night_school: taken back" in back.stdout
    assert listed(home)["night_school"]["served"]
    assert not retired.exists()


def settings_of(tmp_path: Path, **env: str) -> Settings:
    return load_settings({"FAROL_HOME": str(tmp_path), **env})


def test_with_a_mongodb_the_grant_that_an_administrator_makes_is_told(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, MONGO_URI="mongodb://farol:secret@db.example")
    task = InstalledTask(settings, task_text("pede_lag"))

    told = "\n".join(told_added(task, Added("add", TaskChanges(), "farol_lag", None)))

    assert "grantRolesToUser('ACCOUNT', [{role: 'readWrite', db: 'farol_lag'}])" in told
    assert "secret" not in told


def test_what_a_change_comes_to_is_told_with_the_run_that_makes_a_champion(tmp_path: Path) -> None:
    task = installed(settings_of(tmp_path))
    changes = TaskChanges(new_champion=("features.ida: added",))

    told = "\n".join(told_added(task, Added("change", changes, "farol", None)))

    assert "features.ida: added" in told
    assert "retraining.pipeline --task pede_lag" in told
    assert "preprocessing.ingest" not in told


def retired(database: str, *, shared: bool = False, listed: str = "") -> Retired:
    return Retired(database, shared, None, listed)


@pytest.mark.parametrize(
    ("done", "uri", "said"),
    [
        (retired("farol_b", listed="b.yaml"), "mongodb://x", "take b.yaml out of FAROL_TASKS"),
        (retired("farol_b"), "mongodb://x", "getSiblingDB('farol_b').dropDatabase()"),
        (retired("farol_b"), "", "registry/farol_b.db*"),
        (retired("farol", shared=True), "", "the root database, which also holds keys"),
    ],
)
def test_a_retired_task_is_told_with_what_still_holds_its_data(
    tmp_path: Path, done: Retired, uri: str, said: str
) -> None:
    told = "\n".join(told_retired("b", done, settings_of(tmp_path, MONGO_URI=uri)))

    assert said in told
    assert "An erasure of a student does not reach a retired task" in told


def test_a_database_without_rights_is_told_below_its_task() -> None:
    lines = [
        TaskLine("a", "A", "farol", served=True, champion="v3", counts={"students": 7}),
        TaskLine("b", "B", "farol_b", served=False, fault="no rights on database 'farol_b'"),
    ]

    told = list(table(lines))

    assert told[1].split() == ["a", "served", "farol", "v3", "7", "-", "-", "A"]
    assert told[3] == "  no rights on database 'farol_b'"
