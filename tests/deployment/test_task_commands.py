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

from database.embedded import lifecycle
from database.installation import recorded_task
from deployment.settings import load_settings
from deployment.tasks.installed import all_installed
from deployment.wiring import root_registry
from tests.api.tasks import task_file
from tests.trail import entries

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
        events = root.run(entries())
    assert [(e.action, e.subject) for e in events] == [("add", "task night_school")]


@pytest.mark.slow
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
