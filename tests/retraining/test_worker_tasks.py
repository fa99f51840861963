"""The worker of a host with two tasks: what stops the one does not stop the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from database import installation
from database.driver.client import SyncRegistry
from database.embedded import lifecycle
from database.leases import LeaseRepository, worker_lease
from database.tasks import TaskRepository
from database.watch.jobs import JobRepository
from deployment import bootstrap
from deployment.settings import Settings, load_settings
from deployment.tasks.adding import add, retire
from deployment.tasks.installed import all_installed, installed
from deployment.wiring import root_registry
from model.errors import ConfigurationError
from model.run import Lease
from retraining.worker.__main__ import TaskOfHost
from retraining.worker.subprocesses import Subprocesses
from retraining.worker.task_schedule import TaskSchedule
from tests.api.tasks import task_file

INDE = '  - name: inde\n    aliases: ["INDE {period}", "INDE {yy}", INDE]\n    low: '
NARROWER = (f"{INDE}0", f"{INDE}1")
OTHER_OUTCOME = ("below: 0", "below: -1")


@dataclass(frozen=True, slots=True)
class Host:
    """A worker of the default task and one more, which looks when it is asked to."""

    settings: Settings
    root: SyncRegistry
    scheduler: BackgroundScheduler
    schedules: dict[str, TaskSchedule]
    own: str

    @property
    def file(self) -> Path:
        return Path(self.settings.tasks[1])

    def edit(self, change: tuple[str, str]) -> None:
        text = self.file.read_text("utf-8")
        assert change[0] in text
        self.file.write_text(text.replace(*change, 1), "utf-8")

    def look(self) -> None:
        for one in self.schedules.values():
            one.look(self.scheduler)

    def scheduled(self) -> set[str]:
        """The tasks that are worked on."""
        return {name for name, one in self.schedules.items() if one.working}

    def next_retrain(self) -> datetime | None:
        database = installation.database_of(self.settings.mongo_db, "pede_lag", self.own)
        return self.root.on(database).run(JobRepository().get("retrain")).next_at

    def lease(self) -> Lease:
        found = self.root.run(LeaseRepository().find(worker_lease(self.own)))
        assert found is not None
        return found

    def accept(self) -> None:
        task = installed(self.settings.of_task(str(self.file)))
        served = all_installed(self.settings)
        add(self.root, task, served, new_champion=True, now=datetime.now(UTC))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    yield folder
    lifecycle.stop(folder)


@pytest.fixture
def host(home: Path, tmp_path: Path) -> Iterator[Host]:
    own = f"t{uuid4().hex[:12]}"
    listed = f"pede_lag,{task_file(tmp_path, own)}"
    settings = load_settings({"FAROL_HOME": str(home), "FAROL_TASKS": listed})
    scheduler, subprocesses = BackgroundScheduler(timezone=UTC), Subprocesses()
    scheduler.start(paused=True)
    with root_registry(settings) as root:
        schedules = {
            task.name: TaskSchedule(
                task.name,
                TaskOfHost(task, root, subprocesses, "here").jobs,
                root,
                holder="here",
                clock=lambda: datetime.now(UTC),
            )
            for task in all_installed(settings)
        }
        one = Host(settings, root, scheduler, schedules, own)
        one.look()
        assert one.scheduled() == {"pede_lag", own}
        yield one
        for schedule in schedules.values():
            schedule.leave()
    scheduler.shutdown()


def test_a_change_that_was_not_accepted_stops_that_task_alone_and_says_the_way_out(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    host.edit(NARROWER)

    host.look()

    told = f"deployment.tasks add {host.file} --new-champion"
    assert host.scheduled() == {"pede_lag"}
    assert told in caplog.text
    assert told in host.lease().detail
    recorded = host.root.run(TaskRepository().get(host.own))
    assert "low: 1\n" not in recorded.spec


def test_a_change_is_taken_up_once_it_is_accepted(host: Host) -> None:
    host.edit(NARROWER)
    host.look()

    host.accept()
    host.look()

    assert host.scheduled() == {"pede_lag", host.own}
    assert (host.lease().holder, host.lease().detail) == ("here", "")
    assert host.lease().expires_at > datetime.now(UTC)


def test_a_change_that_was_undone_is_forgotten(host: Host) -> None:
    host.edit(OTHER_OUTCOME)
    host.look()
    stopped = host.scheduled()

    host.edit((OTHER_OUTCOME[1], OTHER_OUTCOME[0]))
    host.look()

    assert (stopped, host.scheduled()) == ({"pede_lag"}, {"pede_lag", host.own})


def test_a_schedule_that_was_changed_holds_from_the_next_look_on(host: Host) -> None:
    host.file.write_text(f"{host.file.read_text('utf-8')}\nschedule: {{retrain: 7 7 * * *}}\n")

    host.look()

    due = host.next_retrain()
    assert due is not None and (due.hour, due.minute) == (7, 7)
    assert "7 7 * * *" in host.root.run(TaskRepository().get(host.own)).spec


def test_a_wrong_address_of_notices_stops_no_task(home: Path, host: Host) -> None:
    wrong = {"FAROL_HOME": str(home), "FAROL_NOTICES": "nosuch://hush@host"}
    task = installed(load_settings(wrong))

    jobs = TaskOfHost(task, host.root, Subprocesses(), "here").jobs()

    with pytest.raises(ConfigurationError, match="FAROL_NOTICES: address 1"):
        jobs.here.around()


@pytest.mark.parametrize(
    ("text", "told"), [("name: [", "not readable as YAML"), ("", "task: Input should be")]
)
def test_a_file_that_is_no_task_any_more_stops_that_task_alone(
    host: Host, text: str, told: str
) -> None:
    host.file.write_text(text, "utf-8")

    host.look()

    assert host.scheduled() == {"pede_lag"}
    assert told in host.lease().detail


def test_a_file_that_is_of_another_task_now_is_not_worked_on_as_that(host: Host) -> None:
    host.edit((f"name: {host.own}", "name: exam_scores"))

    host.look()

    assert host.scheduled() == {"pede_lag"}
    assert f"was of task '{host.own}' and is of 'exam_scores' now" in host.lease().detail


def test_a_retired_task_stops_alone_and_goes_on_when_it_is_taken_back(host: Host) -> None:
    retire(host.root, host.own, all_installed(host.settings), datetime.now(UTC))
    host.look()
    stopped, told = host.scheduled(), host.lease().detail

    host.accept()
    host.look()

    assert stopped == {"pede_lag"}
    assert "was retired on" in told and f"deployment.tasks add {host.file}" in told
    assert host.scheduled() == {"pede_lag", host.own}


def test_of_a_retired_task_that_the_home_kept_the_file_it_was_put_aside_as_is_told(
    home: Path, host: Host
) -> None:
    folder = home / "tasks" / f"k{uuid4().hex[:12]}"
    folder.mkdir(parents=True)
    task_file(folder, folder.name).rename(folder / "task.yaml")
    settings = load_settings({"FAROL_HOME": str(home)})
    task = installed(settings.of_task(folder.name))
    schedule = TaskSchedule(
        task.name,
        TaskOfHost(task, host.root, Subprocesses(), "here").jobs,
        host.root,
        holder="here",
        clock=lambda: datetime.now(UTC),
    )
    schedule.look(host.scheduler)

    retire(host.root, task.name, all_installed(settings), datetime.now(UTC))
    schedule.look(host.scheduler)

    lease = host.root.run(LeaseRepository().find(worker_lease(task.name)))
    assert lease is not None
    assert f"deployment.tasks add {folder / 'task.retired.yaml'}" in lease.detail


@pytest.mark.slow
def test_a_task_that_may_not_be_worked_on_does_not_keep_the_others_from_coming_up(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.edit(OTHER_OUTCOME)
    said: list[str] = []
    monkeypatch.setattr(bootstrap, "run_pipeline", lambda *_, **__: None)

    bootstrap.bootstrap_all(host.settings, data=None, say=said.append)

    assert "Training the first champion" in said
    assert any("does not run, other tasks do: " in line for line in said)
    assert any("another meaning to its records" in line for line in said)


def test_where_no_task_may_be_worked_on_nothing_comes_up(host: Host) -> None:
    host.edit(OTHER_OUTCOME)
    alone = host.settings.model_copy(update={"task": str(host.file), "tasks": (str(host.file),)})

    with pytest.raises(ConfigurationError, match="another meaning to its records"):
        bootstrap.bootstrap_all(alone, data=None, say=lambda _: None)
