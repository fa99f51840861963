"""Scores of a window's own records, each from a model that did not see the student."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.computing.pool import HERE, Pool
from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec
from training.continuing.start import NOBODY, NoStart, RegrownStart
from training.split import FOLDS, each_fold, grouped_folds
from training.train import IN_MEMORY, Progress, check_enough, fit
from training.tuning.budget import Budget
from training.tuning.studies import Studies

Split = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Positions to learn from, and positions held out."""


@dataclass(frozen=True, slots=True)
class _FoldModel:
    """What the model of a fold is trained by; see `out_of_fold`."""

    data: TrainingSet
    task: TaskSpec
    seed: int
    family: str | None
    params: Mapping[str, Any] | None
    budget: Budget
    studies: Studies
    start: RegrownStart | NoStart

    @property
    def searches(self) -> bool:
        """Whether settings are tuned in a fold."""
        return self.params is None and self.budget.any

    def scores(self, split: Split, pool: Pool = HERE) -> NDArray[np.float64]:
        """The calibrated scores of those held out."""
        train, held = split
        # One split to choose by is enough here: the choice itself is judged five times over.
        model = fit(
            self.data.take(train), self.task, seed=self.seed, family=self.family,
            params=self.params, progress=_quiet, repeats=1, budget=self.budget,
            studies=self.studies, start=self.start, pool=pool,
        )  # fmt: skip
        return model.score([self.data.records[i] for i in held])


def _scores(model: _FoldModel, split: Split) -> NDArray[np.float64]:
    return model.scores(split)


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
    pool: Pool = HERE,
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
        pool: trains a fold's model; where it has to be tuned, the fits of its search.

    Raises:
        NotEnoughData: too few records to hold any out.
    """
    check_enough(data, task)
    scores = np.zeros(len(data))
    fold = grouped_folds(data.outcome, data.students, task=task.name, seed=seed + 1000, folds=folds)
    splits = list(each_fold(fold))
    allowed = Budget.of(task.training) if budget is None else budget
    model = _FoldModel(data, task, seed, family, params, allowed, studies, start)
    if model.searches:
        # The search stays with the files that it goes on from after a kill.
        found: Iterator[NDArray[np.float64]] = map(partial(model.scores, pool=pool), splits)
    else:
        found = pool.each(_scores, replace(model, studies=IN_MEMORY), splits)
    for number, (train, held) in enumerate(splits, 1):
        progress(f"cross-fit {number}/{folds}: {len(train)} records to fit, {len(held)} to score")
        scores[held] = next(found)
    return scores


def _quiet(line: str) -> None:
    """The inside of a fold is nobody's progress."""
