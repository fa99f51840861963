"""One range of a registry's labelled window, as a file: what one of several processes does."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet

from database.driver.client import SyncRegistry
from database.labels import Place
from model.label import Label
from model.trust.tombstone import TombstoneKey
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.task.spec import TaskSpec
from retraining.run.training_labels import window_between
from retraining.run.whole.window import WholePeriod, whole_period
from training.beyond_memory.checked import table_of
from training.beyond_memory.labelled import drawn, judged

GROUP = 50_000
"""Rows of a row group at most."""


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Keys of labels above `after` and up to `until`, which ends nowhere where it is None."""

    number: int
    after: str
    until: str | None


@dataclass(frozen=True, slots=True)
class ReadingJob:
    """What all processes that read know.

    Attributes:
        opener: opens the task's registry.
        folder: where the files go.
        arrived_until: labels that arrived later are not in the window.
        since: place of the window's oldest label; None where it holds all.
        held: share of the students that is held out.
        sampled: share of the others that comes back as labels too.
        seed: of both draws.
    """

    opener: Callable[[], SyncRegistry]
    task: TaskSpec
    folder: Path
    arrived_until: datetime
    since: Place | None
    held: float
    sampled: float
    seed: int


@dataclass(frozen=True, slots=True)
class ReadRange:
    """What came of a range.

    Attributes:
        rows: in its file; with none there is no file.
        periods: what is kept of all of them.
        judged: labels that no model learns from.
        sampled: some of the others.
    """

    rows: int
    periods: Mapping[str, WholePeriod]
    judged: tuple[Label, ...]
    sampled: tuple[Label, ...]


def read_ranges(job: ReadingJob, ranges: Sequence[KeyRange]) -> list[ReadRange]:
    """Reads ranges one after the other, each into a file of its own.

    Raises:
        RegistryError: the registry refuses, or does not answer.
        OSError: a file cannot be written.
    """
    with job.opener() as opened:
        return [_read(opened, job, one) for one in ranges]


def _read(opened: SyncRegistry, job: ReadingJob, part: KeyRange) -> ReadRange:
    found = opened.run(
        window_between(
            job.task, part.after, part.until, arrived_until=job.arrived_until, since=job.since
        )
    )
    if not found:
        return ReadRange(0, {}, (), ())
    data = training_set(found, [])
    _write(job.folder / f"part-{part.number:05d}.parquet", data, job.task)
    name, seed = job.task.name, job.seed
    apart = judged(data.students, job.held, task=name, seed=seed)
    some = drawn(data.students, job.sampled, task=name, seed=seed + 3) & ~apart
    by_key = {(label.period, label.student_id): label for label in found}
    keys = list(zip(data.periods.tolist(), data.students.tolist(), strict=True))
    return ReadRange(
        len(data),
        _periods(data, apart, opened.data_key),
        tuple(by_key[keys[at]] for at in np.flatnonzero(apart)),
        tuple(by_key[keys[at]] for at in np.flatnonzero(some)),
    )


def _periods(
    data: TrainingSet, apart: np.ndarray[tuple[int], np.dtype[np.bool_]], key: TombstoneKey | None
) -> dict[str, WholePeriod]:
    arrived = np.zeros(0) if data.arrived is None else data.arrived
    return {
        str(period): whole_period(
            data.take((data.periods == period) & ~apart), arrived[data.periods == period], key
        )
        for period in np.unique(data.periods)
    }


def _write(path: Path, data: TrainingSet, task: TaskSpec) -> None:
    """Writes a file that nobody else may read, whatever the umask is."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        pyarrow.parquet.write_table(table_of(data, task), file, row_group_size=GROUP)
