"""`python -m deployment.dask run`: a retraining run on a window that no memory holds."""

from __future__ import annotations

import argparse
import signal
import sys
from functools import partial
from pathlib import Path

from database.driver.client import SyncRegistry
from deployment.settings import Settings
from deployment.wiring import registry
from model.computing.pool import Pool
from model.decisions.cause import RunCause, TriggerKind
from model.options import RunOptions
from retraining.pipeline import new_run_id, run_pipeline
from retraining.progress import console, progress
from retraining.run.beyond_memory.left_behind import window_folder
from retraining.run.beyond_memory.run import BeyondMemory, alone
from retraining.run.beyond_memory.ways import Ways
from retraining.run.report import show
from training.candidates import load_task_to_train

CAUSE = RunCause(
    TriggerKind.COMMAND,
    "somebody ran python -m deployment.dask run",
    "alguém executou python -m deployment.dask run",
)


def run(settings: Settings, given: argparse.Namespace, workers: Pool) -> str:
    """Reads the registry's window into files, has a model learned, judged and registered.

    Raises:
        ConfigurationError: the folder cannot be used.
        LeaseHeld: another run is under way.
        NotEnoughData: too few records to judge on.
        FarolError: whatever else stopped it; the champion serves on.
        OSError: a file cannot be written.
    """
    # A polite kill removes the files and gives the lease back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with registry(settings) as opened:
        return _on(opened, settings, given, workers)


def _on(opened: SyncRegistry, settings: Settings, given: argparse.Namespace, workers: Pool) -> str:
    task = load_task_to_train(settings.task)
    run_id, home = new_run_id(), settings.home_of(task.name)
    place: Path = given.folder or home
    with window_folder(home, place, run_id) as folder:
        way = BeyondMemory(
            partial(registry, settings), given.family, folder, given.partition, given.processes,
            task.training.window,
        )  # fmt: skip
        result = run_pipeline(
            opened, alone(task, given.family), settings,
            options=RunOptions(window=given.rows, seed=given.seed),
            say=progress(as_log=settings.log_format == "json"),
            run_id=run_id, cause=CAUSE, workers=workers,
            ways=Ways(way.gather, way.train, way.students),
        )  # fmt: skip
    show(result, console())
    return ""
