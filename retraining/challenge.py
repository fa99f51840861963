"""Trains a challenger and scores it on students it did not learn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from preprocessing.dataset import TrainingSet
from preprocessing.task import TaskSpec
from retraining.ranking import Floats
from retraining.window import Mask, forward_holdout
from training.crossfit import out_of_fold
from training.fit import fit
from training.fitted import FittedModel

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trial:
    """A challenger and its honest scores.

    Attributes:
        model: fitted on all of `trained`.
        trained: the records it learned from.
        cases: the m records it is judged on.
        scores: shape (m,), from models that did not see the record's student.
        how: `forward_holdout` (older periods predict the newest) or `out_of_fold`.
    """

    model: FittedModel
    trained: TrainingSet
    cases: TrainingSet
    scores: Floats
    how: str

    @property
    def judged_on(self) -> str:
        """What the figures were measured on, in words."""
        periods = ", ".join(str(p) for p in np.unique(self.cases.periods))
        how = "later than its training" if self.how == "forward_holdout" else "out of fold"
        return f"{len(self.cases)} labelled records of {periods}, {how}"


def first_trial(data: TrainingSet, task: TaskSpec, *, seed: int, progress: Progress) -> Trial:
    """A candidate for first champion: trained on the past and tested on the newest period.

    Its figures are that very model's. With one period only there is no later one to test on, so the
    model learns from all and is judged out of fold.
    """
    newest = forward_holdout(data, task)
    if newest is None:
        return successor_trial(data, None, task, seed=seed, progress=progress)
    past, cases = data.take(~newest), data.take(newest)
    model = fit(past, task, seed=seed, progress=progress)
    return Trial(model, past, cases, model.score(cases.records), "forward_holdout")


def successor_trial(
    data: TrainingSet, fresh: Mask | None, task: TaskSpec, *, seed: int, progress: Progress
) -> Trial:
    """A challenger that learns from the whole window and is judged out of fold.

    The family is chosen anew inside every fold: a challenger that was the best of several on the
    very records it is judged on would owe a part of its figures to that choice.

    Args:
        data: the window.
        fresh: records to judge on, shape (n,); None judges on all.
        task: what to train.
        seed: for folds and models.
        progress: told of each stage.
    """
    model = fit(data, task, seed=seed, progress=progress)
    scores = out_of_fold(data, task, seed=seed, progress=progress)
    if fresh is None:
        return Trial(model, data, data, scores, "out_of_fold")
    return Trial(model, data, data.take(fresh), scores[fresh], "out_of_fold")
