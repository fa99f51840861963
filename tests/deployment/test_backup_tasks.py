"""Backup, restore, migration and repair of an installation with several tasks."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.durability.outbox import Outbox
from database import installation
from database.aliases import CHAMPION, AliasRepository
from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import DeleteMany, InsertMany
from database.embedded import lifecycle
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository
from database.mapping.nested_lists import packed
from database.predictions import PredictionRepository
from database.students import StudentRepository
from database.tasks import TaskRepository
from database.versions import ModelVersionRepository
from deployment import backup_file, migrate_to_mongo, repair
from deployment.backup import back_up
from deployment.restore import restore
from deployment.restore_target import place_tasks
from deployment.settings import Settings
from deployment.tasks.adding import add, retire
from deployment.tasks.installed import InstalledTask, all_installed
from deployment.wiring import private_settings, registry, root_registry
from model.errors import ConfigurationError
from preprocessing.task.spec import task_text
from tests.api import bundles
from tests.api.bundles import KEY
from tests.api.tasks import task_file
from tests.database.builders import START, at, observation, outcome, prediction
from tests.trail import entries

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TASKS = ("pede_lag", "night_school", "old_school")
DATABASES = ("farol", "farol_night_school", "farol_old_school")


@dataclass(frozen=True, slots=True)
class City:
    """An installation of three tasks, the last one retired; the same student is in all."""

    home: Path

    @property
    def settings(self) -> Settings:
        return private_settings({"FAROL_HOME": str(self.home)})

    def backed_up(self, file: Path, settings: Settings | None = None, **how: bool) -> None:
        given = settings or self.settings
        with root_registry(given) as root:
            back_up(root, given, file, now=NOW, with_key=how.get("with_key", True))


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    home = tmp_path_factory.mktemp("city")
    (home / "signing.key").write_bytes(KEY)
    here = City(home)
    with root_registry(here.settings) as root:
        for name in TASKS:
            path = task_file(tmp_path_factory.mktemp("own"), name)
            given = here.settings.model_copy(update={"task": name if name == TASKS[0] else path})
            task = InstalledTask(given, path.read_text("utf-8"))
            served = all_installed(here.settings)
            database = add(root, task, served, new_champion=False, now=NOW).database
            fill(root.on(database), task, TASKS.index(name))
        retire(root, "old_school", all_installed(here.settings), now=NOW)
    waiting = Outbox(here.settings.home_of("night_school") / "outbox" / "slot-0.sqlite")
    waiting.put([prediction("waits", "RA-1")])
    waiting.close()
    yield here
    lifecycle.stop(home)


def fill(opened: SyncRegistry, task: InstalledTask, number: int) -> None:
    """The student, with an outcome that differs from task to task, and a champion."""
    opened.run(StudentRepository().observe([observation("RA-1")]))
    opened.run(record_outcomes([outcome(float(number % 2), student_id="RA-1")], now=at(2)))
    packed = bundles.archive(float(number), task=task.spec)
    bundles.promote(opened, bundles.register(opened, packed))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "new"
    lifecycle.stop(tmp_path / "new")


def outcome_of(opened: SyncRegistry) -> float:
    (label,) = opened.run(LabelRepository().window(arrived_until=at(3), limit=0))
    return label.outcome


def test_every_task_comes_back_into_its_own_database_and_the_retired_one_stays_retired(
    city: City, fresh: Path, tmp_path: Path
) -> None:
    city.backed_up(tmp_path / "city.backup")

    restore(tmp_path / "city.backup", {"FAROL_HOME": str(fresh)}, now=NOW, re_sign=False)

    settings = private_settings({"FAROL_HOME": str(fresh)})
    assert [task.name for task in all_installed(settings)] == ["pede_lag", "night_school"]
    with root_registry(settings) as root:
        assert root.run(installation.recorded_task()) == "pede_lag"
        retired = [one.name for one in root.run(TaskRepository().all()) if one.retired_at]
        found = [
            outcome_of(root.on(n)) for n in ("farol", "farol_night_school", "farol_old_school")
        ]
    assert retired == ["old_school"]
    assert found == [0.0, 1.0, 0.0]


def test_what_waited_in_a_tasks_outbox_is_in_its_database_and_in_no_other(
    city: City, fresh: Path, tmp_path: Path
) -> None:
    city.backed_up(tmp_path / "city.backup")

    restore(tmp_path / "city.backup", {"FAROL_HOME": str(fresh)}, now=NOW, re_sign=False)

    settings = private_settings({"FAROL_HOME": str(fresh)})
    with registry(settings) as lag, registry(settings.of_task("night_school")) as night:
        assert night.run(PredictionRepository().get("waits")).student_id == "RA-1"
        assert lag.run(PredictionRepository().find("waits")) is None


def test_the_champions_of_all_tasks_are_signed_anew_where_the_key_is_not_there(
    city: City, fresh: Path, tmp_path: Path
) -> None:
    file = tmp_path / "city.backup"
    city.backed_up(file, with_key=False)

    with pytest.raises(
        ConfigurationError, match="v1 of night_school, v1 of old_school, v1 of pede"
    ):
        restore(file, {"FAROL_HOME": str(fresh)}, now=NOW, re_sign=False)
    restore(file, {"FAROL_HOME": str(fresh)}, now=NOW, re_sign=True)

    settings = private_settings({"FAROL_HOME": str(fresh)})
    key = settings.signing_key.get_secret_value()
    with root_registry(settings) as root:
        for database in DATABASES:
            alias = root.on(database).run(AliasRepository().find(CHAMPION))
            assert alias is not None
            root.on(database).run(ModelVersionRepository().get(alias.version)).verify(key)
        events = root.run(entries())
    assert [e.subject for e in events if e.action == "re-sign"] == [
        "3 versions, 0 API keys, 0 people"
    ]


def test_a_default_task_that_is_not_the_first_one_is_told(
    city: City, fresh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "city.backup"
    city.backed_up(file, city.settings.of_task("night_school"))

    restore(file, {"FAROL_HOME": str(fresh)}, now=NOW, re_sign=False)

    assert "set FAROL_TASK=night_school" in capsys.readouterr().out


def test_a_file_that_the_settings_of_the_new_home_name_is_left_and_told_where_it_differs(
    tmp_path: Path,
) -> None:
    path = task_file(tmp_path, "night_school")
    settings = private_settings({"FAROL_HOME": str(tmp_path / "new"), "FAROL_TASK": str(path)})
    served = all_installed(settings)
    other = InstalledTask(settings, served[0].text.replace("title: Lag", "title: Falling"))

    told = list(place_tasks([other], served, "night_school"))

    assert told == [f"{path} differs from task night_school of the backup"]
    assert not (tmp_path / "new" / "tasks" / "night_school" / "task.yaml").exists()


def test_a_registry_in_which_only_a_further_task_holds_something_is_refused(
    city: City, fresh: Path, tmp_path: Path
) -> None:
    file = tmp_path / "city.backup"
    city.backed_up(file)
    settings = private_settings({"FAROL_HOME": str(fresh)})
    with root_registry(settings) as root:
        root.on("farol_night_school").run(StudentRepository().observe([observation("RA-2")]))

    with pytest.raises(ConfigurationError, match="holds periods in farol_night_school already"):
        restore(file, {"FAROL_HOME": str(fresh)}, now=NOW, re_sign=False)


def test_a_task_under_a_name_that_is_not_its_own_is_refused_before_anything_is_written(
    city: City, fresh: Path, tmp_path: Path
) -> None:
    file = tmp_path / "city.backup"
    with backup_file.writing(file) as writer:
        writer.add("keys/data.key", b"k")
        writer.add("tasks/../task.yaml", task_text("pede_lag").encode())
        writer.finish(backup_file.Manifest("2026", "..", first_task="..", tasks={"..": {}}))

    with pytest.raises(ConfigurationError, match=r"another task than '\.\.' under its name"):
        restore(file, {"FAROL_HOME": str(fresh)}, now=NOW, re_sign=False)

    assert not fresh.exists()


def test_a_backup_of_a_release_that_knew_one_task_is_restored(
    city: City, fresh: Path, tmp_path: Path
) -> None:
    file = tmp_path / "city.backup"
    city.backed_up(file)
    former = tmp_path / "former.backup"
    as_of_before(file, former, "night_school")

    restore(former, {"FAROL_HOME": str(fresh)}, now=NOW, re_sign=False)

    settings = private_settings({"FAROL_HOME": str(fresh), "FAROL_TASK": "night_school"})
    with registry(settings) as opened:  # The only task of that file, so at home in the root.
        assert opened.run(installation.recorded_task()) == "night_school"
        assert outcome_of(opened) == 1.0
        assert opened.run(PredictionRepository().get("waits")).student_id == "RA-1"
    assert (fresh / "tasks" / "night_school" / "task.yaml").exists()


def as_of_before(file: Path, former: Path, task: str) -> None:
    """Writes what one task has in a backup as format 1 had it."""
    own = f"tasks/{task}/"
    members = {
        name.removeprefix(own): content
        for name, content in backup_file.read(file)
        if name.startswith((own, "keys/"))
    }
    digests = {name: hashlib.sha256(c).hexdigest() for name, c in members.items()}
    manifest = {
        "made_at": "2026-01-01T00:00:00+00:00", "task": task, "collections": {"students": 1},
        "members": digests, "format": 1,
    }  # fmt: skip
    with tarfile.open(former, "w:gz") as archive:
        for name, content in {**members, "manifest.json": json.dumps(manifest).encode()}.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def commanded(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    for name in ("MONGO_URI", "MONGO_DB", "FAROL_TASK", "FAROL_TASKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FAROL_HOME", str(home))


def test_a_migration_copies_every_database_and_compares_each(
    city: City, fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commanded(monkeypatch, city.home)
    uri = lifecycle.ensure_running(fresh)

    code = migrate_to_mongo.main(["--from", str(city.home), "--to", uri])

    compared = [line for line in capsys.readouterr().out.splitlines() if "database" in line]
    assert (code, compared) == (0, [f"database {name}" for name in DATABASES])
    with open_registry(uri, "farol") as there:
        assert [outcome_of(there.on(name)) for name in DATABASES] == [0.0, 1.0, 0.0]
        assert there.run(installation.recorded_task()) == "pede_lag"


def test_a_migration_into_a_registry_of_another_task_copies_nothing(
    city: City, fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commanded(monkeypatch, city.home)
    uri = lifecycle.ensure_running(fresh)
    with open_registry(uri, "farol") as there:
        there.run(installation.claim_task("exam_scores"))

        code = migrate_to_mongo.main(["--from", str(city.home), "--to", uri])

        assert (code, there.run(StudentRepository().count())) == (2, 0)
    assert "holds task 'exam_scores'" in capsys.readouterr().err


def test_a_repair_without_a_task_is_of_every_one_and_names_each(
    city: City, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commanded(monkeypatch, city.home)
    with root_registry(city.settings) as root:
        night = root.on("farol_night_school")
        night.execute(DeleteMany("labels", {"student_id": "RA-1"}))
        note = {"_id": "n", "subjects": packed([["RA-1", "2023"]]), "noted_at": START}
        night.execute(InsertMany("pending_joins", [note]))

        assert repair.main([]) == 0

        assert outcome_of(night) == 1.0
    assert capsys.readouterr().out.splitlines() == [
        "pede_lag: 0 labels that were owed settled; 0 orphans joined",
        "night_school: 1 labels that were owed settled; 0 orphans joined",
        "old_school: 0 labels that were owed settled; 0 orphans joined",
    ]
