"""Several tasks in one installation: each has a database and a folder, none sees another's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nx_27017 import handler

from database import installation
from database.driver.client import SyncRegistry
from database.embedded import lifecycle
from database.labels import LabelRepository
from database.outcomes import OutcomeRepository
from database.students import StudentRepository
from database.tasks import TaskRepository
from deployment.settings import Settings, load_settings
from deployment.tasks import limits
from deployment.tasks.adding import add, retire
from deployment.tasks.installed import InstalledTask, all_installed, installed, of_name
from deployment.wiring import registry, root_registry, task_registry
from model.errors import ConfigurationError
from preprocessing.ingesting.files import ingest_file
from preprocessing.task.spec import load_task, task_text
from tests.api.tasks import task_file

NOW = datetime(2025, 6, 1, tzinfo=UTC)
SCORES = "student_id,gender,lunch,math score\ns-1,female,standard,55\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    yield folder
    lifecycle.stop(folder)


def settings(home: Path, **env: str) -> Settings:
    return load_settings({"FAROL_HOME": str(home), **env})


def renamed(folder: Path, name: str) -> Path:
    """The default task under another name, as a file of a school's own."""
    path = folder / f"{name}.yaml"
    path.write_text(task_text("pede_lag").replace("name: pede_lag", f"name: {name}", 1), "utf-8")
    return path


def ingested(opened: SyncRegistry, task: str, file: Path, home: Path) -> None:
    key = settings(home).tombstone_key
    ingest_file(opened, file, load_task(task), now=NOW, period="2024", tombstone_key=key)


def test_the_default_task_stands_first_however_the_others_are_listed(tmp_path: Path) -> None:
    both = settings(tmp_path, FAROL_TASKS="uci_student, pede_lag")
    named = settings(tmp_path, FAROL_TASKS="uci_student,pede_lag", FAROL_TASK="exam_scores")

    assert (both.task, both.tasks) == ("uci_student", ("uci_student", "pede_lag"))
    assert named.tasks == ("exam_scores", "uci_student", "pede_lag")


def test_a_task_that_was_added_to_the_home_is_served_without_being_listed(tmp_path: Path) -> None:
    folder = tmp_path / "tasks" / "night_school"
    folder.mkdir(parents=True)
    renamed(folder, "night_school").rename(folder / "task.yaml")

    found = all_installed(settings(tmp_path))

    assert [task.name for task in found] == ["pede_lag", "night_school"]
    assert of_name(settings(tmp_path), "night_school").task == str(folder / "task.yaml")


def test_two_different_tasks_of_one_name_are_refused(tmp_path: Path) -> None:
    path = renamed(tmp_path, "pede_lag")
    path.write_text(path.read_text("utf-8") + "\n# another\n", "utf-8")

    with pytest.raises(ConfigurationError, match="both called 'pede_lag'"):
        all_installed(settings(tmp_path, FAROL_TASKS=f"pede_lag,{path}"))


def test_the_first_task_lives_in_the_root_database_and_another_beside_it(home: Path) -> None:
    given = settings(home, FAROL_TASKS="pede_lag,exam_scores")
    with root_registry(given) as root:
        for task in all_installed(given):
            opened = task_registry(root, task)
            assert opened.run(installation.claim_task("another")) == task.name
        files = {path.stem for path in lifecycle.folder_of(home).glob("farol*.db")}
        names = [one.name for one in root.run(TaskRepository().all())]

    assert files == {"farol", "farol_exam_scores"}
    assert names == ["exam_scores", "pede_lag"]


def test_rows_of_another_task_are_not_seen_by_the_first_one(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "scores_2024.csv"
    file.write_text(SCORES, "utf-8")
    given = settings(home, FAROL_TASKS="pede_lag,exam_scores")
    with root_registry(given) as root:
        lag, scores = (task_registry(root, task) for task in all_installed(given))
        before = [lag.run(kind().count()) for kind in (StudentRepository, OutcomeRepository)]

        ingested(scores, "exam_scores", file, home)

        after = [lag.run(kind().count()) for kind in (StudentRepository, OutcomeRepository)]
        assert after == before
        assert scores.run(OutcomeRepository().count()) == 1


def test_the_order_of_the_tasks_moves_none_of_them(home: Path) -> None:
    turned = settings(home, FAROL_TASKS="exam_scores,pede_lag")

    with registry(turned) as opened:
        assert opened.run(installation.claim_task("another")) == "exam_scores"
    with registry(turned.of_task("pede_lag")) as opened:
        assert opened.run(installation.claim_task("another")) == "pede_lag"


def test_a_database_of_another_task_is_refused_and_left_as_it_is(home: Path) -> None:
    given = settings(home)
    with root_registry(given) as root:
        foreign = root.on("farol_uci_student")
        foreign.run(installation.claim_task("somebody_elses"))

        with pytest.raises(ConfigurationError, match=r"holds task 'somebody_elses'.*MONGO_DB"):
            task_registry(root, installed(given.of_task("uci_student")))

        assert foreign.run(LabelRepository().count()) == 0


def test_a_retired_task_is_refused_with_the_way_back(home: Path) -> None:
    given = settings(home).of_task("exam_scores")
    with root_registry(given) as root:
        root.run(TaskRepository().retire("exam_scores", NOW))
        try:
            with pytest.raises(
                ConfigurationError, match=r"was retired on 2025-06-01; .* add exam_scores"
            ):
                task_registry(root, installed(given))
        finally:
            root.run(TaskRepository().put("exam_scores", installed(given).text, NOW))


def test_the_limit_is_what_the_embedded_server_keeps_open_beside_its_own_database() -> None:
    assert lifecycle.MOST_DATABASES == handler._MAX_OPEN_DBS - 1


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """An installation with as many tasks as its server takes: two, to be quick."""
    given = settings(tmp_path / "full", FAROL_TASKS=f"pede_lag,{task_file(tmp_path, 'second')}")
    monkeypatch.setattr(limits, "MOST_DATABASES", 2)
    with root_registry(given) as root:
        for task in all_installed(given):
            task_registry(root, task)
    yield given
    lifecycle.stop(given.home)


def test_a_task_beyond_the_limit_is_refused_before_anything_is_made_for_it(
    full: Settings, tmp_path: Path
) -> None:
    third = installed(full.of_task(str(task_file(tmp_path, "third"))))
    told = r"with task 'third'.* 3 databases, .* takes 2.*retire NAME.*migrate_to_mongo.*MONGO_URI"
    with root_registry(full) as root:
        with pytest.raises(ConfigurationError, match=told):
            task_registry(root, third)
        with pytest.raises(ConfigurationError, match=told):
            add(root, third, all_installed(full), new_champion=False, now=NOW)
        names = [one.name for one in root.run(TaskRepository().all())]

    assert names == ["pede_lag", "second"]
    assert not lifecycle.data_file(full.home, "farol_third").exists()
    assert not third.home.exists()


def test_a_retired_task_makes_room_and_waits_for_room_to_come_back(
    full: Settings, tmp_path: Path
) -> None:
    second, third = (
        installed(full.of_task(str(tmp_path / f"{name}.yaml")))
        for name in ("second", task_file(tmp_path, "third").stem)
    )
    alone = all_installed(full)[:1]
    with root_registry(full) as root:
        retire(root, "second", alone, NOW)
        done = add(root, third, alone, new_champion=False, now=NOW)

        assert done.database == "farol_third"
        with pytest.raises(ConfigurationError, match=r"with task 'second'.* takes 2"):
            add(root, second, alone, new_champion=False, now=NOW)


def test_a_task_that_is_there_can_be_changed_though_there_is_no_room(full: Settings) -> None:
    task = all_installed(full)[1]
    changed = InstalledTask(task.settings, f"{task.text}\nschedule: {{drift: 5 5 * * *}}\n")

    with root_registry(full) as root:
        done = add(root, changed, all_installed(full), new_champion=False, now=NOW)

    assert done.action == "change"


def test_settings_with_more_tasks_than_fit_are_refused_unless_a_mongodb_keeps_them(
    full: Settings, tmp_path: Path
) -> None:
    files = ",".join(str(task_file(tmp_path, name)) for name in ("second", "third", "fourth"))
    uri = "mongodb://db.example"

    with pytest.raises(ConfigurationError, match=r"FAROL_TASKS names .* 3 databases, .* takes 2"):
        all_installed(settings(full.home, FAROL_TASKS=files))
    elsewhere = all_installed(settings(full.home, FAROL_TASKS=files, MONGO_URI=uri))

    assert len(elsewhere) == 3
