"""What a family learns from: encoded rows with their outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.task.spec import TaskSpec

LEAF_SHARE = 0.001


@dataclass(frozen=True, slots=True)
class BegunModel:
    """A model that was trained before, on a part of a sample: its trees, or its weights.

    Attributes:
        known: shape (n,), the records it learned from.
        params: the settings it was trained with.
        scorer: it itself, as its bundle has it; None: it is to be trained anew on that part.
    """

    known: NDArray[np.bool_]
    params: Mapping[str, Any]
    scorer: bytes | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """n encoded records.

    Attributes:
        rows: shape (n, d), from the encoder.
        outcome: shape (n,).
        students: shape (n,), the group in every inner split.
        numeric: whether the outcome is a number rather than 0 or 1.
        monotone: column by column what more of it may do to the risk, 1 or -1, 0 for either; empty
            where no column is held to anything.
        task: the task's name, which inner splits are dealt by.
        start: what a family that goes on from another model goes on from. Others leave it.
    """

    rows: NDArray[np.float64]
    outcome: NDArray[np.float64]
    students: NDArray[np.str_]
    numeric: bool = False
    monotone: tuple[int, ...] = ()
    task: str = ""
    start: BegunModel | None = None

    def __len__(self) -> int:
        return len(self.outcome)

    @property
    def width(self) -> int:
        """Columns of a row."""
        return int(self.rows.shape[1])

    def take(self, index: NDArray[Any]) -> Sample:
        """The records at those positions, or where the mask is true."""
        start = self.start and replace(self.start, known=self.start.known[index])
        return replace(
            self,
            rows=self.rows[index],
            outcome=self.outcome[index],
            students=self.students[index],
            start=start,
        )

    def grown_from(self) -> Sample | None:
        """What a start is to be trained on anew; None where all of it has one outcome."""
        if self.start is None:
            return None
        part = replace(self.take(self.start.known), start=None)
        return part if len(part) and np.ptp(part.outcome) > 0 else None

    def leaf(self, least: int) -> int:
        """Records a leaf must hold: at least `least`, and `LEAF_SHARE` of all when many."""
        return least_leaf(least, len(self))

    def weights(self, params: Mapping[str, Any]) -> NDArray[np.float64] | None:
        """What each record counts, shape (n,), mean 1; None where all count alike."""
        if self.numeric:
            return None
        return class_weights(self.outcome, float(self.outcome.mean()), params)

    @property
    def jobs(self) -> int:
        """Threads worth starting."""
        return threads_for(self.rows.size)


def sample_of(
    data: TrainingSet,
    encoder: FeatureEncoder,
    task: TaskSpec,
    start: BegunModel | None = None,
) -> Sample:
    """Records as the encoder makes rows of them, with what the task says of its features."""
    held = [task.monotone.get(column.feature, 0) for column in encoder.numeric]
    # Missingness flags and categories come after the numbers, and may mean anything.
    free = [0] * (len(encoder.columns) - len(held))
    return Sample(
        encoder.encode_many(data.records),
        data.outcome,
        data.students,
        not task.outcome.form.two_valued,
        (*held, *free) if any(held) else (),
        task.name,
        start,
    )


def least_leaf(least: int, records: int) -> int:
    """Records a leaf must hold: at least `least`, and `LEAF_SHARE` of all when many."""
    return max(least, int(records * LEAF_SHARE))


def class_weights(
    outcome: NDArray[Any], share: float, params: Mapping[str, Any]
) -> NDArray[np.float64] | None:
    """What each record of a two-valued outcome counts; None where all count alike.

    With `class_weight: balanced` both outcomes count as much in sum, however rare one is.

    Args:
        outcome: shape (n,).
        share: of all that is learned from, of which these may be a part, that is at risk.
        params: of the family.
    """
    if params.get("class_weight", "none") == "none" or share in (0.0, 1.0):
        return None
    return np.where(outcome == 1, 0.5 / share, 0.5 / (1.0 - share))


def threads_for(values: int) -> int:
    """Threads worth starting: on a few thousand records one is faster than two."""
    return 1 if values < 500_000 else 2


def log_odds(share: float) -> float:
    """ln(p / (1 - p)).

    >>> log_odds(0.5)
    0.0
    """
    return float(np.log(share / (1.0 - share)))
