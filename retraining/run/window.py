"""Which labelled records a run trains on, and which of them nobody serving has seen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from model.erasing.record_ids import Learned
from model.errors import NotEnoughData
from model.version import Window
from preprocessing.dataset import TrainingSet
from preprocessing.lanes import lanes_of, present_states
from preprocessing.task.spec import TaskSpec
from retraining.promotion.cases import flagged_within
from retraining.promotion.ranking import Floats
from training.baselines import environment
from training.kinds import kind_of
from training.metrics import flags_at

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


def fresh_mask(data: TrainingSet, trained_on: Learned) -> Mask:
    """The records the champion did not train on, shape (n,).

    Args:
        data: n labelled records.
        trained_on: the champion's training records.
    """
    fresh: Mask = ~data.known_to(trained_on)
    return fresh


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


def baseline_answers(
    data: TrainingSet, task: TaskSpec, trained: TrainingSet | None = None, *, seed: int = 0
) -> dict[str, Floats]:
    """What rules that need no model would say, each of shape (n,).

    `dummy` says the mean of everybody (flags by the share that is at risk); `persistence` says that
    the next outcome is the present one. A student whose present value is missing is not flagged, or
    gets the mean where the outcome is numeric. `environment` says what became of others in the same
    places (`training.baselines`): as many as the budget allows are flagged, those of the places
    with the largest share at risk.

    Args:
        data: n records to judge on.
        task: names the columns.
        trained: labelled records that the rules may learn from; None leaves `environment` out.
        seed: of the folds by which no student's outcome enters what is said of the student.
    """
    mean = float(data.outcome.mean())
    rules = {"dummy": np.full(len(data), mean)}
    states = present_states(data.records, task)
    if states is not None:
        unknown = kind_of(task).unknown(mean)
        rules["persistence"] = np.where(np.isnan(states), unknown, states)
    shares = None if trained is None else environment(trained, data, task, seed=seed)
    if shares is not None:
        rules["environment"] = _flagged(shares, data, task)
    return rules


def _flagged(shares: Floats, data: TrainingSet, task: TaskSpec) -> Floats:
    """As many flags as the comparison gives either model; numeric outcomes are said as they are."""
    if not task.outcome.form.two_valued:
        return shares
    lanes = lanes_of(data.records, task)
    flagged = flagged_within(data.outcome, task.promotion.budget)
    return flags_at(shares if lanes is None else lanes.order(shares), flagged / len(data))


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
