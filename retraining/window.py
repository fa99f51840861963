"""Which labelled records a run trains on, and which of them nobody serving has seen."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from model.errors import NotEnoughData
from model.version import Window
from preprocessing.dataset import TrainingSet
from preprocessing.task import PromotionPolicy, TaskSpec
from retraining.ranking import Floats

Mask = NDArray[np.bool_]

FEWEST_OF_A_CLASS = 10
"""With fewer students of one kind than this, cross-validation has folds without any."""


def check_trainable(data: TrainingSet, policy: PromotionPolicy) -> None:
    """Refuses a window that no model could be trained on.

    Raises:
        NotEnoughData: too few records, or too few of one kind.
    """
    if len(data) < policy.min_labelled:
        raise NotEnoughData(
            f"{len(data)} labelled records in the window; {policy.min_labelled} are needed to train"
        )
    positives = int((data.outcome == 1).sum())
    fewest = min(positives, len(data) - positives)
    if fewest == 0:
        kind = "at risk" if positives else "not at risk"
        raise NotEnoughData(f"all {len(data)} labelled records are {kind}; both kinds are needed")
    if fewest < FEWEST_OF_A_CLASS:
        raise NotEnoughData(
            f"{positives} of {len(data)} labelled records are at risk; "
            f"{FEWEST_OF_A_CLASS} of each kind are needed to train"
        )


def fresh_mask(data: TrainingSet, trained_on: Set[str]) -> Mask:
    """The records the champion did not train on, shape (n,).

    Args:
        data: n labelled records.
        trained_on: hashed ids of the champion's training records.
    """
    ids = data.record_ids()
    return np.fromiter((i not in trained_on for i in ids), dtype=np.bool_, count=len(ids))


def forward_holdout(data: TrainingSet, policy: PromotionPolicy) -> Mask | None:
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
        check_trainable(data.take(~newest), policy)
    except NotEnoughData:
        return None
    positives = int(data.outcome[newest].sum())
    enough = newest.sum() >= policy.min_labelled and positives >= policy.min_positives
    return newest if enough else None


def baseline_flags(data: TrainingSet, task: TaskSpec) -> dict[str, Floats]:
    """What rules that need no model would flag, each of shape (n,).

    `dummy` flags everybody by the share that is at risk; `persistence` flags whoever is at risk in
    the period of the features (a missing value is not flagged).
    """
    rules = {"dummy": np.full(len(data), float(data.outcome.mean()))}
    name = task.outcome.persistence
    if name is not None:
        values = (record.get(name) for record in data.records)
        rules["persistence"] = np.array(
            [float(isinstance(v, (int, float)) and task.outcome.value_of(v) == 1) for v in values]
        )
    return rules


def describe(data: TrainingSet, arrived_until: datetime) -> Window:
    """The window as a version remembers it."""
    return Window(
        periods=tuple(str(p) for p in np.unique(data.periods)),
        rows=len(data),
        positives=int((data.outcome == 1).sum()),
        digest=data.digest(),
        arrived_until=arrived_until,
    )
