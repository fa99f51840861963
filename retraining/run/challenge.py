"""Trains a challenger and scores it on students it did not learn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model.computing.pool import HERE, Pool
from preprocessing.dataset import TrainingSet
from preprocessing.lanes import operating_cuts
from preprocessing.task.spec import TaskSpec
from retraining.promotion.ranking import Floats
from retraining.run.whole.window import WholeWindow
from retraining.run.window import Mask, forward_holdout
from training.continuing.start import NOBODY, NoStart, Start, without_trees
from training.crossfit import out_of_fold
from training.holdout import held_students, scores_without
from training.split import FOLDS
from training.train import IN_MEMORY, fit
from training.trained_model import FittedModel
from training.tuning.budget import Budget
from training.tuning.studies import Studies

Progress = Callable[[str], None]

CROSS_FIT_ROWS = 10_000
"""Up to here the scores of all records are worth five more fits; beyond, a fifth of the records
tells as much as a decision needs. Costs in `docs/training.md`."""

HOW = {
    "forward_holdout": "later than its training",
    "out_of_fold": "out of fold",
    "group_holdout": "students held out",
    "recalibrated": "calibrated out of fold",
}


@dataclass(frozen=True, slots=True)
class ScoredChallenger:
    """A challenger and its honest scores.

    Attributes:
        model: fitted on all of `trained`.
        trained: the records it learned from.
        cases: the m records it is judged on.
        scores: shape (m,), from models that did not see the record's student.
        how: a key of `HOW`.
        whole: what it learned from, where `trained` is but some of it.
    """

    model: FittedModel
    trained: TrainingSet
    cases: TrainingSet
    scores: Floats
    how: str
    whole: WholeWindow | None = None

    @property
    def flags(self) -> Mask:
        """Whom the model's own thresholds flag, shape (m,)."""
        flagged: Mask = self.scores >= operating_cuts(self.model.thresholds, self.cases.records)
        return flagged

    @property
    def judged_on(self) -> str:
        """What the figures were measured on, in words."""
        periods = ", ".join(str(p) for p in np.unique(self.cases.periods))
        return f"{len(self.cases)} labelled records of {periods}, {HOW[self.how]}"


def first_trial(
    data: TrainingSet,
    task: TaskSpec,
    *,
    seed: int,
    progress: Progress,
    studies: Studies = IN_MEMORY,
    start: NoStart = NOBODY,
    pool: Pool = HERE,
) -> ScoredChallenger:
    """A candidate for first champion: trained on the past and tested on the newest period.

    Its figures are that very model's. With one period only there is no later one to test on, so the
    model learns from all and is judged on students held out.

    Args:
        data: the labelled window.
        task: what is trained.
        seed: of folds and fits.
        progress: called with each step, in words.
        studies: where searches keep what they have tried.
        start: why it goes on from nobody's trees.
        pool: does the fits that are compared.
    """
    newest = forward_holdout(data, task)
    if newest is None:
        return successor_trial(
            data, None, task,
            seed=seed, progress=progress, studies=studies, start=start, pool=pool,
        )  # fmt: skip
    past, cases = data.take(~newest), data.take(newest)
    model = fit(past, task, seed=seed, progress=progress, studies=studies, start=start, pool=pool)
    return ScoredChallenger(model, past, cases, model.score(cases.records), "forward_holdout")


def successor_trial(
    data: TrainingSet,
    fresh: Mask | None,
    task: TaskSpec,
    *,
    seed: int,
    progress: Progress,
    studies: Studies = IN_MEMORY,
    cross_fit_rows: int = CROSS_FIT_ROWS,
    start: Start = NOBODY,
    pool: Pool = HERE,
) -> ScoredChallenger:
    """A challenger that learns from the whole window and is judged on students held out.

    The family is chosen and tuned anew without them: a challenger that was the best of several on
    the very records it is judged on would owe a part of its figures to that choice.

    Args:
        data: the window.
        fresh: records to judge on, shape (n,); None judges on all.
        task: what to train.
        seed: for folds and models.
        progress: told of each stage.
        studies: where searches are kept.
        cross_fit_rows: a window up to this size is scored out of fold, every record of it; of a
            larger one, students with a fifth of the records are held out once.
        start: what it may go on from. The scores are of models that grow it anew without the
            students they score.
        pool: does the fits that are compared.
    """
    half = Budget.of(task.training).part(0.5)
    model = fit(
        data, task,
        seed=seed, progress=progress, budget=half, studies=studies, start=start, pool=pool,
    )  # fmt: skip
    anew = without_trees(start)
    judged = np.ones(len(data), dtype=np.bool_) if fresh is None else fresh
    if len(data) > cross_fit_rows:
        held = held_students(data, judged, task=task.name, seed=seed)
        scores = scores_without(
            data, held, task,
            seed=seed, progress=progress, budget=half, studies=studies, start=anew, pool=pool,
        )  # fmt: skip
        return ScoredChallenger(
            model, data, data.take(held & judged), scores[judged[held]], "group_holdout"
        )
    scores = out_of_fold(
        data, task,
        seed=seed, progress=progress, budget=half.part(1 / FOLDS), studies=studies, start=anew,
        pool=pool,
    )  # fmt: skip
    return ScoredChallenger(model, data, data.take(judged), scores[judged], "out_of_fold")
