"""A model's scores are mapped anew to probabilities, on outcomes that its scorer never saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec
from training.kinds import Drawn, kind_of
from training.split import each_fold, grouped_folds

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Redrawn:
    """A new calibration, and what it is worth.

    Attributes:
        drawn: calibration and cut-offs, from all records.
        scores: shape (n,), each from a calibration that had not seen its student.
    """

    drawn: Drawn
    scores: Array


def redraw(data: TrainingSet, margins: Array, task: TaskSpec, *, seed: int) -> Redrawn:
    """Learns calibration and cut-offs from margins of records new to the scorer.

    Args:
        data: n labelled records.
        margins: shape (n,).
        task: the policy of the cut-offs.
        seed: of the folds.
    """
    kind = kind_of(task)
    scores = np.zeros(len(data))
    folds = grouped_folds(data.outcome, data.students, task=task.name, seed=seed)
    for rest, held in each_fold(folds):
        drawn = kind.draw(task, data.take(rest), margins[rest])
        scores[held] = drawn.calibration.score(margins[held])
    return Redrawn(kind.draw(task, data, margins), scores)
