"""Where a host's metrics are kept: memory-mapped files by worker, which any worker adds up."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from prometheus_client import values
from prometheus_client.multiprocess import mark_process_dead

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

BEGAN = "began"
"""Made with the folder: since then the host's counters grow."""


def clear(folder: Path) -> None:
    """Forgets what is of an earlier start; while no worker is alive, and none can start."""
    shutil.rmtree(folder, ignore_errors=True)


def prepare(folder: Path, slot: int) -> None:
    """Points the metrics of this process at its slot's files; before any metric is made.

    Args:
        folder: where the files are.
        slot: this worker's number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / BEGAN).exists():
        (folder / BEGAN).touch()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    # As prometheus_client advises for uWSGI: a number that a worker's successor takes over.
    values.ValueClass = values.MultiProcessValue(  # type: ignore[no-untyped-call]
        process_identifier=lambda: slot
    )
    mark_process_dead(slot, str(folder))  # type: ignore[no-untyped-call]


def retire(folder: Path, slot: int) -> None:
    """Takes the momentary values of a worker that is gone out of the sums."""
    mark_process_dead(slot, str(folder))  # type: ignore[no-untyped-call]
