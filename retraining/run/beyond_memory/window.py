"""The registry's labelled window as Parquet files, read in key ranges by several processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

from database.driver.client import SyncRegistry
from database.labels import LabelRepository
from model.errors import FarolError, NotEnoughData
from model.label import Label
from preprocessing.columnar.partitions import Partition, partitions_of
from retraining.run.beyond_memory.reading import KeyRange, ReadingJob, ReadRange, read_ranges
from retraining.run.whole.window import WholeWindow, joined

AT_ONCE = 4
"""Ranges that a process reads one after the other, on one connection."""


class ReadingFailed(FarolError):
    """A process that read a part of the window is gone."""


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """A window in files.

    Attributes:
        partitions: of all its rows.
        whole: what is kept of them in memory.
        judged: labels that no model learns from.
        sampled: some of the others.
    """

    partitions: Sequence[Partition]
    whole: WholeWindow
    judged: Sequence[Label]
    sampled: Sequence[Label]

    @property
    def rows(self) -> int:
        """How many there are in all."""
        return sum(partition.rows for partition in self.partitions)


@dataclass(frozen=True, slots=True)
class Ranges:
    """The keys of all labels, in ranges.

    Attributes:
        rows: of all of them together, at most.
    """

    parts: Sequence[KeyRange]
    rows: int


def ranges_of(opened: SyncRegistry, rows: int) -> Ranges:
    """Ranges of so many labels each; the registry walks the index of keys once.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    cuts = opened.run(LabelRepository().cuts(rows))
    bounds = ["", *cuts]
    parts = [
        KeyRange(number, after, until)
        # The last one has no end: what came since belongs to it, or is not in the window.
        for number, (after, until) in enumerate(zip(bounds, [*cuts, None], strict=True))
    ]
    return Ranges(parts, len(parts) * rows)


def read_window(job: ReadingJob, ranges: Ranges, processes: int) -> ReadWindow:
    """Reads the ranges into files of the job's folder, several at once.

    Args:
        job: what is read.
        ranges: of the keys.
        processes: that read, each on a connection of its own; 1 is this process.

    Raises:
        NotEnoughData: the window is empty.
        ReadingFailed: a process is gone, by lack of memory say.
        RegistryError: the registry refuses, or does not answer.
        OSError: a file cannot be written.
    """
    found = list(_read(job, ranges.parts, processes))
    if not any(one.rows for one in found):
        raise NotEnoughData("the registry holds no labelled record")
    return ReadWindow(
        partitions_of(job.folder),
        joined(one.periods for one in found),
        [label for one in found for label in one.judged],
        [label for one in found for label in one.sampled],
    )


def _read(job: ReadingJob, parts: Sequence[KeyRange], processes: int) -> Iterator[ReadRange]:
    groups = [parts[at : at + AT_ONCE] for at in range(0, len(parts), AT_ONCE)]
    if processes < 2 or len(groups) < 2:
        for group in groups:
            yield from read_ranges(job, group)
        return
    with _processes(min(processes, len(groups))) as executor:
        asked = [executor.submit(read_ranges, job, group) for group in groups]
        asked.reverse()
        while asked:
            yield from asked.pop().result()


@contextmanager
def _processes(number: int) -> Iterator[ProcessPoolExecutor]:
    """Fresh processes: a connection, as a thread, does not survive a fork."""
    executor = ProcessPoolExecutor(number, get_context("spawn"))
    try:
        yield executor
    except BrokenProcessPool as error:
        raise ReadingFailed(
            "a process that read the window is gone; is the host short of memory? Fewer "
            "--processes and smaller --partition need less"
        ) from error
    finally:
        executor.shutdown(cancel_futures=True)
