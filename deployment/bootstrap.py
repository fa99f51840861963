"""From an empty registry to a first champion."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from database import aliases, batches
from database.client import SyncRegistry
from deployment.settings import Settings
from deployment.wiring import registry
from model.errors import NotEnoughData, NotThisTask
from preprocessing.cohorts import write_cohorts
from preprocessing.ingest import ingest_file
from preprocessing.plausibility import told
from preprocessing.task import TaskSpec, load_task
from retraining.pipeline import run_pipeline

READABLE = {".csv", ".xlsx", ".parquet"}


def bootstrap(settings: Settings, *, data: Path | None, say: Callable[[str], None]) -> None:
    """Loads school files into an empty registry and trains the first champion if there is none.

    Args:
        settings: where everything is.
        data: a folder of school files; None makes sample cohorts.
        say: told of each step.

    Raises:
        NotThisTask: the folder holds no file that can be read.
        RegistryError: the registry fails.
    """
    task = load_task(settings.task)
    with registry(settings) as opened:
        if not opened.run(batches.recent(1)):
            _load(opened, _school_files(settings, data, say), task, say)
        if opened.run(aliases.get("champion")) is not None:
            return
        say("Training the first champion")
        try:
            run_pipeline(opened, task, settings, say=say)
        except NotEnoughData as error:
            say(f"No champion yet: {error}. The API answers 503 until there is one.")


def _load(
    opened: SyncRegistry, paths: list[Path], task: TaskSpec, say: Callable[[str], None]
) -> None:
    """Reads what is a table of this task; a folder may hold other things too."""
    kept = 0
    for path in paths:
        say(f"Reading {path.name}")
        try:
            results, _ = ingest_file(opened, path, task, now=datetime.now(UTC))
        except NotThisTask as error:
            say(f"  not used: {error}")
            continue
        kept += sum(result.batch.rows_kept for result in results)
        for one in (one for result in results for one in result.batch.implausible):
            say(f"  implausible: {told(one)}")
    if not kept:
        raise NotThisTask(f"none of {len(paths)} files holds a usable row of task {task.name}")


def _school_files(settings: Settings, data: Path | None, say: Callable[[str], None]) -> list[Path]:
    if data is None:
        say("No data yet: making three synthetic school years (set DATA=folder for your own)")
        return write_cohorts(settings.home / "sample")
    found = sorted(p for p in data.glob("*") if p.suffix.lower() in READABLE)
    if not found:
        raise NotThisTask(f"DATA={str(data)!r}: no .csv, .xlsx or .parquet file in that folder")
    return found
