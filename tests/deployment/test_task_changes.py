"""A changed TaskSpec under a running registry: taken, accepted by hand, or refused."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from database.driver.client import SyncRegistry
from database.embedded import lifecycle
from database.installation import database_of
from database.tasks import TaskRecord, TaskRepository
from deployment.settings import Settings, load_settings
from deployment.tasks.adding import add
from deployment.tasks.admission import admit
from deployment.tasks.installed import InstalledTask, all_installed, installed
from deployment.wiring import registry, root_registry, task_registry
from model.errors import ConfigurationError
from tests.api.tasks import task_file
from tests.trail import entries

NOW = datetime(2026, 3, 1, tzinfo=UTC)
REWORDED = ("title: Lag behind", "title: Falling behind")
INDE = '  - name: inde\n    aliases: ["INDE {period}", "INDE {yy}", INDE]\n    low: '
NARROWER = (f"{INDE}0", f"{INDE}1")
OTHER_OUTCOME = ("below: 0", "below: -1")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    yield folder
    lifecycle.stop(folder)


@pytest.fixture
def task(home: Path, tmp_path: Path) -> Settings:
    """The settings of a home on which a task of the test's own was started once."""
    path = task_file(tmp_path, f"t{uuid4().hex[:12]}")
    settings = load_settings({"FAROL_HOME": str(home), "FAROL_TASK": "pede_lag"})
    settings = settings.model_copy(update={"tasks": ("pede_lag", str(path)), "task": str(path)})
    with root_registry(settings) as root:
        for one in ("pede_lag", str(path)):
            task_registry(root, installed(settings.model_copy(update={"task": one})))
    return settings


def default_of(settings: Settings) -> Settings:
    return settings.model_copy(update={"task": "pede_lag"})


def edit(settings: Settings, change: tuple[str, str]) -> None:
    path = Path(settings.task)
    text = path.read_text("utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change, 1), "utf-8")


def spec_of(root: SyncRegistry, settings: Settings) -> str:
    return root.run(TaskRepository().get(installed(settings).name)).spec


def last_event(root: SyncRegistry, settings: Settings) -> tuple[str, str, str]:
    subject = f"task {installed(settings).name}"
    events = [e for e in root.run(entries()) if e.subject == subject]
    return events[0].actor, events[0].action, events[0].detail


def test_a_start_takes_what_stays_comparable_and_says_what_it_was(
    task: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    edit(task, REWORDED)

    with caplog.at_level(logging.WARNING), registry(task):
        pass

    with root_registry(task) as root:
        assert "title: Falling behind" in spec_of(root, task)
        actor, action, detail = last_event(root, task)
    assert (actor, action) == ("installation", "change")
    assert "becomes 'Falling behind" in detail
    assert any("has changed: title:" in line for line in caplog.messages)


def test_a_start_with_what_the_champion_was_not_trained_for_stops_with_the_command_to_accept_it(
    task: Settings,
) -> None:
    edit(task, NARROWER)

    with pytest.raises(ConfigurationError) as raised, registry(task):
        pass

    assert "features.inde.low: 0.0 becomes 1.0" in str(raised.value)
    assert f"deployment.tasks add {task.task} --new-champion" in str(raised.value)
    with root_registry(task) as root:
        assert "low: 1\n" not in spec_of(root, task)


def test_what_was_accepted_by_hand_is_recorded_and_starts(task: Settings) -> None:
    edit(task, NARROWER)

    with root_registry(task) as root:
        changed = installed(task)
        done = add(root, changed, all_installed(default_of(task)), new_champion=True, now=NOW)
        actor, action, detail = last_event(root, task)
    with registry(task):
        pass

    assert (done.action, done.file) == ("change", None)
    assert (actor, action) == ("deployment.tasks", "change")
    assert "features.inde.low" in detail


def test_another_outcome_is_refused_with_and_without_consent(task: Settings) -> None:
    edit(task, OTHER_OUTCOME)
    told = r"another meaning to its records: outcome\.below.*another name"

    with pytest.raises(ConfigurationError, match=told), registry(task):
        pass
    with root_registry(task) as root, pytest.raises(ConfigurationError, match=told):
        add(root, installed(task), all_installed(default_of(task)), new_champion=True, now=NOW)


def test_a_recorded_task_that_this_release_cannot_read_is_told_and_can_be_replaced(
    task: Settings,
) -> None:
    here = installed(task)
    known = TaskRecord(here.name, "name: of an earlier release\nwhat: is this", NOW)

    with pytest.raises(ConfigurationError, match=r"an earlier release wrote it.*--new-champion"):
        admit(here.spec, task.task, known)

    assert admit(here.spec, task.task, known, new_champion=True).new_champion


def test_a_task_whose_database_would_have_too_long_a_name_is_refused() -> None:
    root = "f" * 50

    assert database_of(root, "scores", "scores") == root
    with pytest.raises(ConfigurationError, match=r"65 characters; servers take 63.*MONGO_DB"):
        database_of(root, "pede_lag", "uci_of_a_city_")


def test_a_task_of_another_file_that_the_settings_name_is_refused(
    task: Settings, tmp_path: Path
) -> None:
    other = tmp_path / "copy.yaml"
    other.write_text(Path(task.task).read_text("utf-8"), "utf-8")
    given = InstalledTask(task.model_copy(update={"task": str(other)}), other.read_text("utf-8"))

    with root_registry(task) as root, pytest.raises(ConfigurationError, match="is served from"):
        add(root, given, all_installed(default_of(task)), new_champion=False, now=NOW)
