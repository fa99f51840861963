"""Encoded rows in a file, of which no more than a chunk is in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from preprocessing.columnar.partitions import Partition
from preprocessing.encoder import FeatureEncoder
from preprocessing.task.spec import TaskSpec
from training.beyond_memory.labelled import CHUNK, chunks, drawn

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SpilledRows:
    """n encoded rows of d columns as float32, which the encoder's rows are exact in.

    Attributes:
        path: where they are.
        width: d.
        outcome: shape (n,).
    """

    path: Path
    width: int
    outcome: Floats

    def __len__(self) -> int:
        return len(self.outcome)

    def read(self, start: int, stop: int) -> Floats:
        """Rows from `start` to before `stop`."""
        count = max(0, min(stop, len(self)) - start) * self.width
        read: Floats = np.fromfile(self.path, np.float32, count, offset=start * self.width * 4)
        return read.reshape(-1, self.width)

    def chunks(self) -> Iterator[tuple[Floats, Floats]]:
        """All rows with their outcomes, some at a time."""
        for start in range(0, len(self), CHUNK):
            yield self.read(start, start + CHUNK), self.outcome[start : start + CHUNK]


def spilled(
    partitions: Sequence[Partition],
    task: TaskSpec,
    encoder: FeatureEncoder,
    folder: Path,
    *,
    held: float,
    seed: int,
) -> SpilledRows:
    """Encodes the rows of all students that are not held out, into a file of the folder.

    Args:
        partitions: the window's, or this worker's.
        task: what their columns mean.
        encoder: makes rows of them.
        folder: has room for four bytes a value.
        held: share of the students that is held out.
        seed: of their draw.
    """
    path = folder / "rows.f32"
    outcomes: list[Floats] = [np.zeros(0, dtype=np.float32)]
    with path.open("wb") as out:
        for partition in partitions:
            for rows in chunks(partition, task):
                learned = rows.take(~drawn(rows.students, held, task=task.name, seed=seed))
                encoder.encode_columns(learned.columns).astype(np.float32).tofile(out)
                outcomes.append(learned.outcome.astype(np.float32))
    return SpilledRows(path, len(encoder.columns), np.concatenate(outcomes))
