"""What is decided of a task and recorded, without a server: quick enough to judge each line."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from database.aliases import AliasRepository
from database.driver.client import SyncRegistry
from database.embedded.lifecycle import MOST_DATABASES
from database.installation import claim_task
from database.tasks import TaskRecord, TaskRepository
from deployment.settings import Settings, load_settings
from deployment.tasks import limits
from deployment.tasks.adding import Added, Retired, add, retire
from deployment.tasks.admission import LISTED, admit, audit, in_service, listed, recorded
from deployment.tasks.databases import recorded_databases, registries
from deployment.tasks.installed import InstalledTask, all_installed, installed, of_name
from deployment.tasks.limits import require_fit, require_room
from deployment.tasks.listing import TaskLine, overview, table
from deployment.tasks.opening import claimed, entered, prepared, present
from deployment.tasks.telling import told_added, told_retired
from model.errors import ConfigurationError
from model.trust.tombstone import TombstoneKey
from model.version import Alias
from preprocessing.task.changes import TaskChanges
from tests.api.tasks import task_file
from tests.database.drivers import MongomockRegistry
from tests.trail import entries

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DATA_KEY = TombstoneKey(b"the data key")
REWORDED = ("title: Lag behind", "title: Falling behind")
NARROWER = ("INDE]\n    low: 0", "INDE]\n    low: 1")
OTHER_OUTCOME = ("below: 0", "below: -1")
URI = "mongodb://farol:secret@db.example"


@pytest.fixture
def root() -> SyncRegistry:
    return MongomockRegistry("farol")


def settings_of(home: Path, **env: str) -> Settings:
    return load_settings({"FAROL_HOME": str(home), **env})


def given(tmp_path: Path, name: str = "night", **env: str) -> InstalledTask:
    """A task that the settings name beside the default one."""
    file = task_file(tmp_path, name)
    settings = settings_of(tmp_path / "home", **({"FAROL_TASKS": f"pede_lag,{file}"} | env))
    return installed(settings.of_task(str(file)))


def changed(task: InstalledTask, change: tuple[str, str]) -> InstalledTask:
    assert change[0] in task.text
    text = task.text.replace(*change, 1)
    Path(task.settings.task).write_text(text, "utf-8")
    return InstalledTask(task.settings, text)


def record(task: InstalledTask, retired_at: datetime | None = None) -> TaskRecord:
    return TaskRecord(task.name, task.text, NOW, retired_at)


def events(root: SyncRegistry) -> list[tuple[str, str, str, str]]:
    found = root.run(entries())
    return [(e.actor, e.action, e.subject, e.detail) for e in found]


# --- admission


def test_a_task_that_nobody_knows_yet_is_admitted(tmp_path: Path) -> None:
    assert admit(given(tmp_path).spec, "f", None) == TaskChanges()


def test_a_retired_task_is_admitted_only_where_it_is_to_come_back(tmp_path: Path) -> None:
    task = given(tmp_path)
    known = record(task, retired_at=NOW)

    with pytest.raises(ConfigurationError) as raised:
        admit(task.spec, "night.yaml", known)

    assert str(raised.value) == (
        "task 'night' was retired on 2026-03-01; take it out of FAROL_TASKS, or to take it back: "
        "python -m deployment.tasks add night.yaml"
    )
    assert admit(task.spec, "night.yaml", known, returns=True) == TaskChanges()


def test_what_stays_comparable_is_admitted_and_told(tmp_path: Path) -> None:
    task = given(tmp_path)

    found = admit(changed(task, REWORDED).spec, "f", record(task))

    assert len(found.comparable) == 1 and found.comparable[0].startswith("title: ")


def test_what_the_champion_was_not_trained_for_is_admitted_by_consent_only(tmp_path: Path) -> None:
    task = given(tmp_path)
    spec = changed(task, NARROWER).spec

    with pytest.raises(
        ConfigurationError, match=r"task 'night' \(n.yaml\) .*low: 0.*add n.yaml --new-champion$"
    ):
        admit(spec, "n.yaml", record(task))

    assert admit(spec, "n.yaml", record(task), new_champion=True).new_champion


def test_what_gives_records_another_meaning_is_admitted_by_no_consent(tmp_path: Path) -> None:
    task = given(tmp_path)
    spec = changed(task, OTHER_OUTCOME).spec

    with pytest.raises(ConfigurationError, match=r"task 'night' \(n.yaml\) .*outcome.below"):
        admit(spec, "n.yaml", record(task), new_champion=True)


def test_a_record_that_cannot_be_read_is_replaced_by_consent_only(tmp_path: Path) -> None:
    task = given(tmp_path)
    known = TaskRecord("night", "what: is this", NOW)

    with pytest.raises(
        ConfigurationError, match=r"recorded TaskSpec of 'night'.*add n.yaml --new-champion$"
    ):
        admit(task.spec, "n.yaml", known)

    found = admit(task.spec, "n.yaml", known, new_champion=True)
    assert found == TaskChanges(new_champion=("its recorded TaskSpec could not be read",))


@pytest.mark.parametrize(("number", "end"), [(LISTED, f"s{LISTED - 1}"), (LISTED + 2, "2 more")])
def test_of_many_changes_the_first_are_told_and_the_rest_is_counted(number: int, end: str) -> None:
    told = listed(tuple(f"s{i}" for i in range(number)))

    assert told.endswith(end)
    assert told.count("; ") == LISTED - (number == LISTED)


def test_a_task_is_in_service_with_its_very_text_and_while_it_is_not_retired(
    tmp_path: Path,
) -> None:
    task = given(tmp_path)

    assert in_service(record(task), task.text)
    assert not in_service(record(task), task.text + "\n")
    assert not in_service(record(task, retired_at=NOW), task.text)


def test_what_is_accepted_is_recorded_with_who_changed_what(
    root: SyncRegistry, tmp_path: Path
) -> None:
    task = given(tmp_path)
    changes = TaskChanges(comparable=("title: b",), new_champion=("ida: added",))

    root.run(
        recorded(
            task.spec, task.text, changes, action="change", actor="me", now=NOW, data_key=DATA_KEY
        )
    )
    root.run(audit("night", "retire", "she", NOW, DATA_KEY))

    assert root.run(TaskRepository().get("night")) == TaskRecord("night", task.text, NOW)
    assert sorted(events(root)) == [
        ("me", "change", "task night", "ida: added; title: b"),
        ("she", "retire", "task night", ""),
    ]


# --- opening


def test_the_first_task_enters_the_root_database_and_the_next_one_its_own(
    root: SyncRegistry, tmp_path: Path
) -> None:
    task = given(tmp_path)
    default = installed(settings_of(tmp_path / "home"))

    assert root.run(entered(default)) == "farol"
    assert root.run(entered(task)) == "farol_night"
    assert root.run(entered(task)) == "farol_night"

    assert [one.name for one in root.run(TaskRepository().all())] == ["night", "pede_lag"]
    assert events(root) == []


def test_a_start_records_what_stays_comparable_and_says_it(
    root: SyncRegistry, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    task = given(tmp_path)
    root.run(entered(task))
    now = changed(task, REWORDED)

    with caplog.at_level(logging.WARNING):
        root.run(entered(now))
        root.run(entered(now))

    assert root.run(TaskRepository().get("night")).spec == now.text
    assert [(actor, action) for actor, action, *_ in events(root)] == [("installation", "change")]
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("task night has changed: title: ")


def test_a_look_at_a_task_reads_its_file_again_and_records_nothing(
    root: SyncRegistry, tmp_path: Path
) -> None:
    task = given(tmp_path)
    root.run(entered(task))
    now = changed(task, REWORDED)

    assert root.run(present(task)).text == now.text
    assert root.run(TaskRepository().get("night")).spec == task.text
    changed(now, NARROWER)
    with pytest.raises(ConfigurationError, match="--new-champion"):
        root.run(present(task))


def test_a_task_whose_file_is_gone_is_told_as_retired_where_it_was(
    root: SyncRegistry, tmp_path: Path
) -> None:
    task = given(tmp_path)
    root.run(entered(task))
    Path(task.settings.task).unlink()

    with pytest.raises(ConfigurationError, match="no such task"):
        root.run(present(task))
    root.run(TaskRepository().retire("night", NOW))
    with pytest.raises(ConfigurationError, match="was retired on 2026-03-01"):
        root.run(present(task))


def test_a_database_is_of_one_task_and_one_installation(root: SyncRegistry, tmp_path: Path) -> None:
    task = given(tmp_path)
    other = installed(settings_of(tmp_path / "other"))

    root.run(claimed(task))
    root.run(claimed(task))

    with pytest.raises(ConfigurationError, match="FAROL_DATA_KEY"):
        root.run(claimed(other))
    with pytest.raises(ConfigurationError, match="holds task 'night'"):
        root.run(claimed(installed(task.settings.of_task("pede_lag"))))


def test_a_prepared_task_has_a_folder(root: SyncRegistry, tmp_path: Path) -> None:
    task = given(tmp_path)

    for _ in range(2):
        root.run(prepared(task))

    assert task.home.is_dir()


# --- limits


def test_as_many_databases_as_the_server_takes_fit_and_one_more_does_not(
    root: SyncRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_DATABASES", 3)
    settings = settings_of(tmp_path)
    for name in ("a", "b", "gone"):
        root.run(TaskRepository().put(name, "", NOW))
    root.run(TaskRepository().retire("gone", NOW))

    root.run(require_room(settings, "c", "a"))
    root.run(require_room(settings, "b", "c"))  # The root is of neither: it is kept all the same.
    with pytest.raises(ConfigurationError, match=r"task 'd' this .* 4 databases, .* takes 3, one"):
        root.run(require_room(settings, "d", "c"))
    root.run(require_room(settings_of(tmp_path, MONGO_URI=URI), "d", "c"))


def test_a_start_asks_for_room_before_a_new_task_is_recorded(
    root: SyncRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_DATABASES", 1)
    root.run(entered(installed(settings_of(tmp_path / "home"))))

    with pytest.raises(ConfigurationError, match="takes 1, one"):
        root.run(entered(given(tmp_path)))

    assert [one.name for one in root.run(TaskRepository().all())] == ["pede_lag"]


def test_where_there_is_no_room_the_ways_out_are_told(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    many = [str(number) for number in range(MOST_DATABASES)]

    require_fit(settings, "it", [*many, "0"])
    with pytest.raises(ConfigurationError) as raised:
        require_fit(settings, "it", [*many, "more"])

    assert str(raised.value).startswith("it would have 100 databases, and the embedded server")
    assert f"migrate_to_mongo --from {tmp_path} --to URI" in str(raised.value)


# --- adding and retiring


def added(
    root: SyncRegistry, task: InstalledTask, new_champion: bool = False
) -> tuple[str, Path | None]:
    served = all_installed(task.settings.of_task(task.settings.tasks[0]))
    done = add(root, task, served, new_champion=new_champion, now=NOW)
    return done.action, done.file


def test_a_task_that_the_settings_do_not_name_is_kept_in_the_home(
    root: SyncRegistry, tmp_path: Path
) -> None:
    task = given(tmp_path, FAROL_TASKS="")
    task.home.mkdir(parents=True)
    aside = task.home / "task.retired.yaml"
    aside.write_text("of before", "utf-8")

    action, file = added(root, task)

    assert (action, file) == ("add", task.home / "task.yaml")
    assert file is not None and file.read_text("utf-8") == task.text
    assert not aside.exists()
    assert [event[:3] for event in events(root)] == [("deployment.tasks", "add", "task night")]
    assert root.on("farol_night").run(claim_task("another")) == "night"
    assert root.run(claim_task("another")) == "pede_lag"


def test_what_add_does_to_a_task_follows_from_what_is_recorded(
    root: SyncRegistry, tmp_path: Path
) -> None:
    task = given(tmp_path)
    first, again = added(root, task), added(root, task)
    later = changed(task, REWORDED)
    changes = added(root, later)
    root.run(TaskRepository().retire("night", NOW))
    back = added(root, later)

    assert [first, again, changes, back] == [
        ("add", None), ("", None), ("change", None), ("take back", None)
    ]  # fmt: skip
    assert root.run(TaskRepository().get("night")).retired_at is None
    assert sorted(action for _, action, *_ in events(root)) == ["add", "change", "take back"]


def test_add_takes_consent_and_without_it_nothing_is_recorded(
    root: SyncRegistry, tmp_path: Path
) -> None:
    task = given(tmp_path)
    added(root, task)
    narrower = changed(task, NARROWER)

    with pytest.raises(ConfigurationError, match="--new-champion"):
        added(root, narrower)
    assert root.run(TaskRepository().get("night")).spec == task.text

    assert added(root, narrower, new_champion=True) == ("change", None)


def test_another_file_of_a_task_that_the_settings_name_is_not_added(
    root: SyncRegistry, tmp_path: Path
) -> None:
    task = given(tmp_path)
    (tmp_path / "copies").mkdir()
    copy = task_file(tmp_path / "copies", "night")
    near = tmp_path / "copies" / ".." / "night.yaml"

    with pytest.raises(ConfigurationError, match=rf"'night' is served from {task.settings.task} "):
        added(root, installed(task.settings.of_task(str(copy))))
    assert added(root, installed(task.settings.of_task(str(near)))) == ("add", None)


def test_a_task_that_is_named_and_ships_is_kept_in_the_home_when_a_file_of_it_is_added(
    root: SyncRegistry, tmp_path: Path
) -> None:
    settings = settings_of(tmp_path / "home")
    own = task_file(tmp_path, "pede_lag")

    shipped = added(root, installed(settings))
    action, file = added(root, installed(settings.model_copy(update={"task": str(own)})))

    assert shipped == ("add", None)
    assert (action, file) == ("", settings.home_of("pede_lag") / "task.yaml")


def test_retiring_puts_the_homes_file_aside_and_tells_where_the_data_are(
    root: SyncRegistry, tmp_path: Path
) -> None:
    task = given(tmp_path, FAROL_TASKS="")
    added(root, task)

    done = retire(root, "night", all_installed(settings_of(tmp_path / "home")), NOW)

    aside = task.home / "task.retired.yaml"
    assert done == Retired("farol_night", False, aside, "")
    assert aside.read_text("utf-8") == task.text
    assert root.run(TaskRepository().get("night")).retired_at == NOW
    assert ("deployment.tasks", "retire", "task night", "") in events(root)


def test_retiring_tells_what_still_names_the_task_and_whether_its_database_is_the_root(
    root: SyncRegistry, tmp_path: Path
) -> None:
    task = given(tmp_path)
    served = all_installed(task.settings)
    root.run(claim_task("night"))
    added(root, task)

    done = retire(root, "night", served, NOW)

    assert done == Retired("farol", True, None, task.settings.task)


def test_neither_the_default_task_nor_an_unknown_one_can_be_retired(
    root: SyncRegistry, tmp_path: Path
) -> None:
    task = given(tmp_path)
    added(root, task)
    served = all_installed(task.settings)

    with pytest.raises(ConfigurationError, match=r"'pede_lag' is the default task.*FAROL_TASK"):
        retire(root, "pede_lag", served, NOW)
    with pytest.raises(ConfigurationError, match=r"'nihgt': no task .* known are night$"):
        retire(root, "nihgt", served, NOW)

    assert root.run(TaskRepository().get("night")).retired_at is None


def test_a_task_that_this_host_does_not_serve_is_retired_and_listed_nowhere(
    root: SyncRegistry, tmp_path: Path
) -> None:
    task = given(tmp_path)
    added(root, task)

    done = retire(root, "night", all_installed(settings_of(tmp_path / "home")), NOW)

    assert done == Retired("farol_night", False, None, "")


def test_a_file_that_cannot_be_put_aside_is_told(root: SyncRegistry, tmp_path: Path) -> None:
    task = given(tmp_path, FAROL_TASKS="")
    added(root, task)
    (task.home / "task.retired.yaml").mkdir()

    with pytest.raises(ConfigurationError, match=r"FAROL_HOME=.* cannot be used"):
        retire(root, "night", all_installed(settings_of(tmp_path / "home")), NOW)


# --- what is there


def test_the_first_task_stands_first_among_those_recorded(root: SyncRegistry) -> None:
    for name in ("a", "b"):
        root.run(TaskRepository().put(name, "", NOW))

    nobody = root.run(recorded_databases("farol"))
    supposed = root.run(recorded_databases("farol", "b"))
    root.run(claim_task("z"))
    known = root.run(recorded_databases("farol", "b"))

    assert [(one.task, one.database) for one in nobody] == [("a", "farol_a"), ("b", "farol_b")]
    assert [(one.task, one.database) for one in supposed] == [("b", "farol"), ("a", "farol_a")]
    assert [(one.task, one.record is None) for one in known] == [
        ("z", True), ("a", False), ("b", False)
    ]  # fmt: skip
    assert list(registries(root, known)) == ["z", "a", "b"]


def test_the_overview_tells_of_those_recorded_and_of_those_to_come(
    root: SyncRegistry, tmp_path: Path
) -> None:
    task = given(tmp_path)
    added(root, task)
    root.run(TaskRepository().put("gone", task.text.replace("night", "gone"), NOW))
    root.run(TaskRepository().put("unread", "what: is this", NOW))
    root.run(TaskRepository().retire("gone", NOW))
    root.on("farol_night").run(AliasRepository().move(Alias("champion", "v3", 1, NOW), {}))

    lines = {line.name: line for line in overview(root, "farol", all_installed(task.settings))}

    title = task.spec.title
    counts = {"students": 0, "predictions": 0, "labels": 0}
    assert lines["night"] == TaskLine("night", title, "farol_night", True, None, "v3", counts)
    assert lines["gone"] == TaskLine("gone", title, "farol_gone", False, NOW, None, counts)
    assert (lines["unread"].title, lines["unread"].served) == ("", False)
    assert lines["pede_lag"].served
    assert lines["gone"].to_mapping()["retired_at"] == NOW.isoformat()
    assert lines["night"].to_mapping()["retired_at"] is None


def test_a_task_to_come_has_no_database_yet(root: SyncRegistry, tmp_path: Path) -> None:
    task = given(tmp_path)

    lines = overview(root, "farol", all_installed(task.settings))

    assert [(line.name, line.database, line.served) for line in lines] == [
        ("pede_lag", "", True), ("night", "", True)
    ]  # fmt: skip


def test_the_table_has_one_aligned_row_a_task() -> None:
    rows = list(
        table(
            [
                TaskLine("a", "A title", "farol", True, None, "v3", {"students": 7, "labels": 0}),
                TaskLine("longer", "B", "", False, NOW, fault="no rights"),
                TaskLine("c", "C", "farol_c", False),
            ]
        )
    )

    assert [" ".join(row.split()) for row in rows] == [
        "task state database champion students predictions labels title",
        "a served farol v3 7 - 0 A title",
        "longer retired 2026-03-01 - - - - - B",
        "no rights",
        "c not served here farol_c - - - - C",
    ]
    assert {rows[0].index("title"), rows[1].index("A title"), rows[4].index("C")} == {
        rows[2].index("B")
    }
    assert rows[2].startswith("longer  retired 2026-03-01  -         -  ")
    assert rows[3] == "  no rights"


# --- which task


def test_a_task_is_found_by_its_name_or_as_it_is_listed(tmp_path: Path) -> None:
    task = given(tmp_path)

    assert of_name(task.settings, "night").task == task.settings.task
    assert of_name(task.settings, task.settings.task).task == task.settings.task
    assert of_name(task.settings, "exam_scores").task == "exam_scores"


def test_two_files_of_one_name_are_served_where_they_are_the_same(tmp_path: Path) -> None:
    task = given(tmp_path)
    (tmp_path / "copies").mkdir()
    copy = task_file(tmp_path / "copies", "night")
    both = task.settings.model_copy(update={"tasks": (task.settings.task, str(copy))})

    assert [one.settings.task for one in all_installed(both)] == [task.settings.task]
    copy.write_text(task.text + "\n", "utf-8")
    with pytest.raises(ConfigurationError, match=rf"{task.settings.task} and {copy} are both "):
        all_installed(both)


def test_a_file_of_another_task_is_not_taken_for_this_one(tmp_path: Path) -> None:
    task = given(tmp_path)
    changed(task, ("name: night", "name: day"))

    with pytest.raises(ConfigurationError) as raised:
        task.read_again()

    assert str(raised.value).startswith(
        f"{task.settings.task} was of task 'night' and is of 'day' now; change `name:` back"
    )


def test_the_source_of_a_retired_task_is_the_file_that_was_put_aside(tmp_path: Path) -> None:
    task = given(tmp_path)
    task.home.mkdir(parents=True)
    kept = InstalledTask(
        task.settings.model_copy(update={"task": str(task.home / "task.yaml")}), task.text
    )

    before = kept.source
    (task.home / "task.retired.yaml").write_text(task.text, "utf-8")

    assert before == str(task.home / "task.yaml")
    assert kept.source == str(task.home / "task.retired.yaml")
    assert task.source == task.settings.task  # It is served from elsewhere.


# --- what is told


@pytest.mark.parametrize(
    ("action", "said"),
    [("add", "added"), ("change", "changed"), ("take back", "taken back"), ("", "as it was")],
)
def test_what_was_done_is_told_with_what_comes_next(tmp_path: Path, action: str, said: str) -> None:
    task = given(tmp_path)
    file = Path("home/task.yaml")
    changes = TaskChanges(comparable=("title: b",))

    told = list(told_added(task, Added(action, changes, "farol_night", file)))

    assert told[:3] == [
        f"Task night: {said}, in database farol_night", "  title: b", "  kept as home/task.yaml"
    ]  # fmt: skip
    ingest, train = (any(word in line for line in told) for word in ("ingest", "pipeline"))
    assert ingest is train is (action != "change")
    assert told[-1] == "  make run    again, so that it is served as it is now"
    assert not any("mongosh" in line for line in told)


def test_with_a_mongodb_the_grant_that_an_administrator_makes_is_told(tmp_path: Path) -> None:
    task = given(tmp_path, MONGO_URI=URI)

    told = "\n".join(told_added(task, Added("add", TaskChanges(), "farol_lag", None)))

    assert "grantRolesToUser('ACCOUNT', [{role: 'readWrite', db: 'farol_lag'}])" in told
    assert "secret" not in told and "kept as" not in told


def test_a_change_that_needs_a_champion_is_told_with_the_run_that_makes_one(tmp_path: Path) -> None:
    task = given(tmp_path)
    changes = TaskChanges(new_champion=("features.ida: added",))

    told = "\n".join(told_added(task, Added("change", changes, "farol", None)))

    assert "  features.ida: added" in told
    assert "retraining.pipeline --task night" in told
    assert "preprocessing.ingest" not in told


@pytest.mark.parametrize(
    ("done", "uri", "said"),
    [
        (Retired("farol_b", False, None, "b.yaml"), URI, "take b.yaml out of FAROL_TASKS"),
        (Retired("farol_b", False, Path("b.yaml"), ""), URI, "deployment.tasks add b.yaml"),
        (Retired("farol_b", False, None, ""), URI, "getSiblingDB('farol_b').dropDatabase()"),
        (Retired("farol_b", False, None, ""), "", "registry/farol_b.db*"),
        (Retired("farol", True, None, ""), "", "farol is the root database, which also holds keys"),
    ],
)
def test_a_retired_task_is_told_with_what_still_holds_its_data(
    tmp_path: Path, done: Retired, uri: str, said: str
) -> None:
    told = list(told_retired("b", done, settings_of(tmp_path, MONGO_URI=uri)))

    assert said in "\n".join(told)
    assert told[0].startswith("Task b: retired")
    assert "An erasure of a student does not reach a retired task" in "\n".join(told)
    assert told[-1] == f"  rm -r {tmp_path / 'tasks' / 'b'}"
    assert any("take it back:" in line for line in told) is (done.file is not None)
    assert any("out of FAROL_TASKS" in line for line in told) is bool(done.listed)
