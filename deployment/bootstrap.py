"""From an empty registry to a first champion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from database.aliases import CHAMPION, AliasRepository
from database.batches import BatchRepository
from database.driver.client import SyncRegistry
from deployment.dask.opening import pool
from deployment.settings import Settings
from deployment.tasks.installed import all_installed
from deployment.wiring import registry
from model.errors import AccessDenied, ConfigurationError, FarolError, NotEnoughData, NotThisTask
from preprocessing.files.school_files import SchoolFile, in_folder, made_up
from preprocessing.ingesting.files import ingest_file
from preprocessing.kept.keeping import FileKeeper
from preprocessing.kept.store import FileStore
from preprocessing.oneroster.bundle import is_bundle
from preprocessing.plausibility import told
from preprocessing.task.spec import TaskSpec
from retraining.pipeline import run_pipeline
from training.candidates import load_task_to_train


def bootstrap_all(
    settings: Settings,
    *,
    data: Path | None,
    say: Callable[[str], None],
    period: str | None = None,
) -> None:
    """Bootstraps every task of this host, the default one first.

    A folder of school files may hold tables of some of the tasks only; a further task without one
    waits for its files. A task that may not be worked on as it is keeps none of the others down.

    Args:
        settings: where everything is.
        data: a folder of school files; None makes synthetic ones of each task.
        say: told of each step.
        period: of those files whose name and columns do not tell it.

    Raises:
        NotThisTask: the folder holds no file of the default task that can be read.
        ConfigurationError: none of the tasks may be worked on as it is, or no rows can be made up.
        RegistryError: the registry fails.
    """
    tasks = all_installed(settings)
    refused: list[FarolError] = []
    for number, task in enumerate(tasks):
        if len(tasks) > 1:
            say(f"Task {task.name}")
        try:
            bootstrap(task.settings, data=data, say=say, period=period)
        except (ConfigurationError, AccessDenied) as error:
            refused.append(error)
            if len(refused) == len(tasks):
                raise refused[0] from None
            say(f"  does not run, other tasks do: {error}")
        except NotThisTask as error:
            if not number:
                raise
            say(
                f"  no data yet: {error}. Read its files with "
                f"python -m preprocessing.ingest FILE... --task {task.name}"
            )


def bootstrap(
    settings: Settings,
    *,
    data: Path | None,
    say: Callable[[str], None],
    period: str | None = None,
) -> None:
    """Loads school files into an empty registry and trains the first champion if there is none.

    Args:
        settings: where everything is.
        data: a folder of school files; None makes synthetic ones of the task.
        say: told of each step.
        period: of those files whose name and columns do not tell it.

    Raises:
        NotThisTask: the folder holds no file that can be read.
        ConfigurationError: no rows can be made up for the task; it needs a folder.
        RegistryError: the registry fails.
    """
    task = load_task_to_train(settings.task)
    with registry(settings) as opened:
        if not opened.run(BatchRepository().newest(1)):
            found = _school_files(settings, task, data, period, say)
            _load(opened, found, task, settings, say)
        if opened.run(AliasRepository().find(CHAMPION)) is not None:
            return
        say("Training the first champion")
        try:
            with pool(settings) as workers:
                run_pipeline(opened, task, settings, say=say, workers=workers)
        except NotEnoughData as error:
            say(f"No champion yet: {error}. The API answers 503 until there is one.")


def _load(
    opened: SyncRegistry,
    found: Sequence[SchoolFile],
    task: TaskSpec,
    settings: Settings,
    say: Callable[[str], None],
) -> None:
    """Reads what is a table of this task; a folder may hold other things too."""
    kept, keeper = 0, None
    if settings.keeps_files:
        store = FileStore(opened, settings.files_of(task.name))
        keeper = FileKeeper(store, task, settings.tombstone_key)
    for file in found:
        say(f"Reading {file.path.name}")
        try:
            results, _ = ingest_file(
                opened,
                file.path,
                task,
                now=datetime.now(UTC),
                period=file.period,
                tombstone_key=settings.tombstone_key,
                pseudonyms=settings.student_pseudonyms,
                keeper=keeper,
            )
        except NotThisTask as error:
            say(f"  not used: {error}")
            continue
        kept += sum(result.batch.rows_kept for result in results)
        for one in (one for result in results for one in result.batch.implausible):
            say(f"  implausible: {told(one)}")
    if not kept:
        raise NotThisTask(f"none of {len(found)} files holds a usable row of task {task.name}")


def _school_files(
    settings: Settings,
    task: TaskSpec,
    data: Path | None,
    period: str | None,
    say: Callable[[str], None],
) -> list[SchoolFile]:
    if data is not None:
        return [SchoolFile(data, period)] if is_bundle(data) else in_folder(data, period)
    say("No data yet: making synthetic school years (set DATA=folder for your own)")
    return made_up(task, settings.home_of(task.name) / "sample")
