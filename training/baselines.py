"""What any model must beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec
from training.kinds import kind_of

Array = NDArray[np.float64]


def dummy(train: TrainingSet, n: int) -> Array:
    """Everybody the same: the training share at risk (or mean outcome), shape (n,)."""
    return np.full(n, float(train.outcome.mean()))


def persistence(train: TrainingSet, test: TrainingSet, task: TaskSpec) -> Array | None:
    """ "At risk now, at risk next year", shape (n,); None where the task has no such feature.

    The score is what became of training students in the same state: at risk, not at risk, or
    unknown. For a numeric outcome it is today's value, or the training mean where it is unknown.
    """
    if task.outcome.persistence is None:
        return None
    now, then = _state(train, task), _state(test, task)
    return kind_of(task).persisted(train.outcome, now, then)


def _state(data: TrainingSet, task: TaskSpec) -> Array:
    name = str(task.outcome.persistence)
    values = [record.get(name) for record in data.records]
    states = [None if value is None else task.outcome.value_of(value) for value in values]
    return np.array([np.nan if state is None else state for state in states], dtype=np.float64)
