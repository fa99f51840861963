"""What each kind of outcome draws from held-out margins: calibration, cut-offs, interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.calibration import Calibration
from model.prediction import IntervalRule, Thresholds
from preprocessing.task.spec import TaskSpec
from training.calibrate import calibrate
from training.operating_point import choose_thresholds

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """From margins to scores, and from scores to statuses."""

    calibration: Calibration
    thresholds: Thresholds
    interval: IntervalRule | None = None


def draw(task: TaskSpec, outcome: Array, margins: Array) -> Drawn:
    """What a model of this task needs beside its scorer.

    Args:
        task: kind of outcome and policies.
        outcome: shape (n,).
        margins: shape (n,), of models that had not seen the record's student.
    """
    return _DRAW[task.outcome.kind](task, outcome, margins)


def conformal_width(outcome: Array, predicted: Array, level: float) -> float:
    """How far from the prediction the outcome lies at most, in `level` of the cases.

    The ceil((n + 1) * level)-th smallest absolute error on records held out, which split conformal
    prediction proves to hold for one more record from the same population (Vovk et al. 2005; Lei et
    al. 2018). With too few records for that rank, the largest error.

    >>> conformal_width(np.array([1.0, 2.0, 3.0, 4.0]), np.zeros(4), 0.6)
    3.0
    """
    errors = np.sort(np.abs(outcome - predicted))
    rank = math.ceil((len(errors) + 1) * level - 1e-9)
    return float(errors[min(rank, len(errors)) - 1])


def _risk(task: TaskSpec, outcome: Array, margins: Array) -> Drawn:
    calibration = calibrate(outcome, margins)
    scores = calibration.score(margins)
    return Drawn(calibration, choose_thresholds(outcome, scores, task.promotion, task.status))


def _value(task: TaskSpec, outcome: Array, margins: Array) -> Drawn:
    level, column = task.status.interval, task.outcome.column
    width = conformal_width(outcome, margins, level)
    return Drawn(
        Calibration.identity(),
        task.status.cutoffs(),
        IntervalRule(level, width, column.low, column.high),
    )


_DRAW: Mapping[str, Callable[[TaskSpec, Array, Array], Drawn]] = {
    "binary": _risk,
    "numeric": _value,
}
