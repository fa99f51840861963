"""Scores of a window's own records, each from a model that did not see the student."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec
from training.continuing.start import NOBODY, NoStart, RegrownStart
from training.split import FOLDS, each_fold, grouped_folds
from training.train import IN_MEMORY, Progress, check_enough, fit
from training.tuning.budget import Budget
from training.tuning.studies import Studies


def out_of_fold(
    data: TrainingSet,
    task: TaskSpec,
    *,
    seed: int,
    progress: Progress,
    family: str | None = None,
    params: Mapping[str, Any] | None = None,
    folds: int = FOLDS,
    budget: Budget | None = None,
    studies: Studies = IN_MEMORY,
    start: RegrownStart | NoStart = NOBODY,
) -> NDArray[np.float64]:
    """Calibrated scores, shape (n,), by group cross-fitting.

    Everything that learns from outcomes is learned again inside each fold: encoder, model,
    calibration and, with `family` None, the choice of the family itself and its tuning. `budget` is
    for each fold.

    Args:
        data: n labelled records.
        task: what is trained.
        seed: of folds and fits.
        progress: called with each step, in words.
        family: the one to train; None chooses in each fold.
        params: its settings; None tunes in each fold where the task asks for it.
        folds: how many.
        budget: of the tuning in each fold.
        studies: where searches keep what they have tried.
        start: what families may go on from, grown anew in each fold.

    Raises:
        NotEnoughData: too few records to hold any out.
    """
    check_enough(data, task)
    scores = np.zeros(len(data))
    fold = grouped_folds(data.outcome, data.students, task=task.name, seed=seed + 1000, folds=folds)
    for number, (train, held) in enumerate(each_fold(fold), 1):
        progress(f"cross-fit {number}/{folds}: {len(train)} records to fit, {len(held)} to score")
        # One split to choose by is enough here: the choice itself is judged five times over.
        model = fit(
            data.take(train), task, seed=seed, family=family, params=params, progress=_quiet,
            repeats=1, budget=budget, studies=studies, start=start,
        )  # fmt: skip
        scores[held] = model.score([data.records[i] for i in held])
    return scores


def _quiet(line: str) -> None:
    """The inside of a fold is nobody's progress."""
