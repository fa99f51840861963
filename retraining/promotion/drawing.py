"""Resamples of students, in chunks that can be drawn anywhere and in any order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retraining.promotion.resampled_metrics import Weights

CELLS_AT_ONCE = 2_000_000
"""Resamples are read in chunks of about this many weights, some 100 MB of work space."""


@dataclass(frozen=True, slots=True)
class Draw:
    """Some resamples, before they are drawn.

    Attributes:
        state: of the generator that draws them.
        rows: how many.
    """

    state: Mapping[str, Any]
    rows: int


@dataclass(frozen=True, slots=True)
class StudentGroups:
    """Which records are of one student.

    Attributes:
        group: shape (n,), the student of each record, counted from 0.
        count: of the students.
    """

    group: NDArray[np.intp]
    count: int

    @classmethod
    def of(cls, students: NDArray[np.str_]) -> StudentGroups:
        """Of n records, by who each is about."""
        _, group = np.unique(students, return_inverse=True)
        return cls(group, int(group.max()) + 1)

    def weights(self, draw: Draw) -> Weights:
        """How often each record was drawn, shape (b, n)."""
        rng = np.random.Generator(np.random.PCG64(0))
        rng.bit_generator.state = dict(draw.state)
        return self.drawn(rng, draw.rows)

    def drawn(self, rng: np.random.Generator, rows: int) -> Weights:
        """The next so many resamples of that generator, shape (rows, n)."""
        drawn = self.students(rng, rows) + np.arange(rows)[:, None] * self.count
        counts = np.bincount(drawn.ravel(), minlength=rows * self.count)
        return counts.reshape(rows, self.count).astype(np.int32)[:, self.group]

    def students(self, rng: np.random.Generator, rows: int) -> NDArray[np.int64]:
        """As many students as there are in each row, with replacement."""
        return rng.integers(0, self.count, size=(rows, self.count))

    def chunks(self, resamples: int) -> list[int]:
        """How many resamples each chunk has."""
        most = max(1, CELLS_AT_ONCE // len(self.group))
        return [min(most, resamples - start) for start in range(0, resamples, most)]


def student_weights(students: NDArray[np.str_], resamples: int, seed: int) -> Iterator[Weights]:
    """How often each record was drawn, in chunks of shape (b, n) that add up to `resamples` rows.

    Each resample draws as many students as there are, with replacement, with all their records.
    """
    groups, rng = StudentGroups.of(students), np.random.default_rng(seed)
    for rows in groups.chunks(resamples):
        yield groups.drawn(rng, rows)


def draws(groups: StudentGroups, resamples: int, seed: int) -> Iterator[Draw]:
    """The chunks of `student_weights`, each to be drawn by whoever reads it.

    The draws of a chunk are made once here, to know where the next one begins; that is a small part
    of what reading models on them costs.
    """
    rng = np.random.default_rng(seed)
    sizes = groups.chunks(resamples)
    for number, rows in enumerate(sizes, 1):
        yield Draw(rng.bit_generator.state, rows)
        if number < len(sizes):
            groups.students(rng, rows)
