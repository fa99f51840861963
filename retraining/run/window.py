"""Which labelled records a run trains on, and which of them nobody serving has seen."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from model.errors import NotEnoughData
from model.version import Window
from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec
from retraining.promotion.ranking import Floats
from training.kinds import kind_of

Mask = NDArray[np.bool_]

FEWEST_STUDENTS = 20
"""With fewer, folds within folds are too small to choose by."""

FIX = "bring more outcomes (POST /labels or school files) or widen the window"


def check_trainable(data: TrainingSet, task: TaskSpec) -> None:
    """Refuses a window that no model could be trained on.

    Raises:
        NotEnoughData: too few records, or too few of one kind.
    """
    needed = task.promotion.min_labelled
    if len(data) < needed:
        raise NotEnoughData(
            f"{len(data)} labelled records in the window; {needed} are needed to train: {FIX}"
        )
    students = len(np.unique(data.students))
    if students < FEWEST_STUDENTS:
        raise NotEnoughData(
            f"{len(data)} labelled records are of {students} students; {FEWEST_STUDENTS} students "
            f"are needed to train: {FIX}"
        )
    if reason := kind_of(task).one_sided(data.outcome, data.students):
        raise NotEnoughData(f"{reason}: {FIX}")


def fresh_mask(data: TrainingSet, trained_on: Set[str]) -> Mask:
    """The records the champion did not train on, shape (n,).

    Args:
        data: n labelled records.
        trained_on: hashed ids of the champion's training records.
    """
    ids = data.record_ids()
    return np.fromiter((i not in trained_on for i in ids), dtype=np.bool_, count=len(ids))


def forward_holdout(data: TrainingSet, task: TaskSpec) -> Mask | None:
    """The newest period, if a model can be trained before it and measured on it.

    Returns:
        shape (n,), true for the newest period; None when there is but one period, or either side is
        too small.
    """
    periods = np.unique(data.periods)
    if len(periods) < 2:
        return None
    newest: Mask = data.periods == periods[-1]
    try:
        check_trainable(data.take(~newest), task)
    except NotEnoughData:
        return None
    enough = int(newest.sum()) >= task.promotion.min_labelled
    enough &= kind_of(task).enough_positives(data.outcome[newest], task.promotion)
    return newest if enough else None


def baseline_answers(data: TrainingSet, task: TaskSpec) -> dict[str, Floats]:
    """What rules that need no model would say, each of shape (n,).

    `dummy` says the mean of everybody (flags by the share that is at risk); `persistence` says that
    the next outcome is the present one. A student whose present value is missing is not flagged, or
    gets the mean where the outcome is numeric.
    """
    mean = float(data.outcome.mean())
    rules = {"dummy": np.full(len(data), mean)}
    name = task.outcome.persistence
    if name is not None:
        unknown = kind_of(task).unknown(mean)
        values = (record.get(name) for record in data.records)
        states = (None if value is None else task.outcome.value_of(value) for value in values)
        rules["persistence"] = np.array([unknown if s is None else s for s in states])
    return rules


def told_left_out(left_out: Mapping[str, int]) -> str:
    """Which labelled records the window had no room for; empty where it holds all.

    >>> told_left_out({"2022": 5200, "2023": 2289})
    '7,489 older labelled records left out (2022: 5,200, 2023: 2,289)'
    """
    if not left_out:
        return ""
    periods = ", ".join(f"{period}: {n:,}" for period, n in left_out.items())
    return f"{sum(left_out.values()):,} older labelled records left out ({periods})"


def describe(
    data: TrainingSet, arrived_until: datetime, left_out: Mapping[str, int] | None = None
) -> Window:
    """The window as a version remembers it."""
    return Window(
        periods=tuple(str(p) for p in np.unique(data.periods)),
        rows=len(data),
        positives=int((data.outcome == 1).sum()),
        digest=data.digest(),
        arrived_until=arrived_until,
        left_out=left_out or {},
    )
