"""A task comes into an installation, is changed, or is taken out of service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from database import installation
from database.driver.client import SyncRegistry
from database.tasks import TaskRepository
from deployment.home import RETIRED_FILE, TASK_FILE, unusable
from deployment.tasks.admission import admit, audit, in_service, recorded
from deployment.tasks.installed import InstalledTask
from deployment.tasks.limits import require_room
from deployment.tasks.opening import claimed, prepared
from model.errors import ConfigurationError, NotFound
from model.trust.private import make_private_folder, write_private
from preprocessing.task.changes import TaskChanges

ACTOR = "deployment.tasks"


@dataclass(frozen=True, slots=True)
class Added:
    """What `add` has done.

    Attributes:
        action: `add`, `change` or `take back`; empty where nothing was to be recorded.
        database: where the task's records are.
        file: its file in the home; None where it stays where the settings name it.
    """

    action: str
    changes: TaskChanges
    database: str
    file: Path | None


@dataclass(frozen=True, slots=True)
class Retired:
    """What `retire` has done.

    Attributes:
        database: where the task's records still are.
        shared: that is the root database, which holds more than the task.
        file: the TaskSpec under the name that serves it no more; None where the home had none.
        listed: what FAROL_TASKS still calls it; empty where it does not.
    """

    database: str
    shared: bool
    file: Path | None
    listed: str


def add(
    root: SyncRegistry,
    task: InstalledTask,
    served: Sequence[InstalledTask],
    *,
    new_champion: bool,
    now: datetime,
) -> Added:
    """Adds a task to an installation and this home, or changes it, or takes it back.

    The database is opened first, so that nothing is served for which it cannot be.

    Args:
        root: the root registry.
        task: the task to add; its settings' `task` is where it was read from.
        served: what this host serves, the default task first.
        new_champion: changes are accepted that the present champion was not trained for.
        now: aware UTC.

    Raises:
        ConfigurationError: it has changed in a way that is not accepted, its database is of another
            task, another file of that name is served, there is no room for one more, or the home
            cannot be used.
        RegistryError: the registry fails.
    """
    first = root.run(installation.claim_task(served[0].name))
    known = root.run(TaskRepository().find(task.name))
    source = task.settings.task
    changes = admit(task.spec, source, known, returns=True, new_champion=new_champion)
    file = _file_of(task, served)
    database = installation.database_of(task.settings.mongo_db, first, task.name)
    action = "add" if known is None else "take back" if known.retired_at else "change"
    if action != "change":
        root.run(require_room(task.settings, task.name, first))
    try:
        opened = root.on(database)
        opened.run(claimed(task))
        opened.run(prepared(task))
        if known is None or not in_service(known, task.text):
            root.run(
                recorded(
                    task.spec,
                    task.text,
                    changes,
                    action=action,
                    actor=ACTOR,
                    now=now,
                    data_key=task.settings.tombstone_key,
                )
            )
        else:
            action = ""
        if file is not None:
            make_private_folder(task.home)
            write_private(file, task.text.encode())
            file.with_name(RETIRED_FILE).unlink(missing_ok=True)
    except OSError as error:
        raise unusable(task.home, error) from error
    return Added(action, changes, database, file)


def retire(
    root: SyncRegistry, name: str, served: Sequence[InstalledTask], now: datetime
) -> Retired:
    """Takes a task out of service; its records stay as they are.

    Args:
        root: the root registry.
        name: the task's name.
        served: what this host serves, the default task first.
        now: aware UTC.

    Raises:
        ConfigurationError: it is the default task, or there is no such task.
        RegistryError: the registry fails.
    """
    settings = served[0].settings
    if name == served[0].name:
        raise ConfigurationError(
            f"task {name!r} is the default task, which every call without a task in its path "
            "means; make another one the default first (FAROL_TASK), then retire it"
        )
    try:
        root.run(TaskRepository().retire(name, now))
    except NotFound as error:
        known = ", ".join(record.name for record in root.run(TaskRepository().all()))
        raise ConfigurationError(
            f"{name!r}: no task of this installation; known are {known}"
        ) from error
    root.run(audit(name, "retire", ACTOR, now, settings.tombstone_key))
    first = root.run(installation.recorded_task())
    here = settings.home_of(name) / TASK_FILE
    retired = here.with_name(RETIRED_FILE)
    listed = next((one.settings.task for one in served if one.name == name), "")
    try:
        if here.is_file():
            here.replace(retired)
    except OSError as error:
        raise unusable(settings.home, error) from error
    return Retired(
        installation.database_of(settings.mongo_db, first, name),
        shared=name == first,
        file=retired if retired.is_file() else None,
        listed="" if listed == str(here) else listed,
    )


def _file_of(task: InstalledTask, served: Sequence[InstalledTask]) -> Path | None:
    """Where the home keeps the task; None where the settings name the very file already.

    Raises:
        ConfigurationError: the settings name another file of a task of that name.
    """
    own = task.settings.home_of(task.name) / TASK_FILE
    other = next((one.settings.task for one in served if one.name == task.name), None)
    if other is None or other in (str(own), task.name):
        return None if other == task.settings.task else own
    if not _same_file(other, task.settings.task):
        raise ConfigurationError(
            f"task {task.name!r} is served from {other} (FAROL_TASK, FAROL_TASKS): change that "
            f"file and add it, or take it out of the settings before {task.settings.task} is added"
        )
    return None


def _same_file(one: str, other: str) -> bool:
    return Path(one).resolve() == Path(other).resolve()
