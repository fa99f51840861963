"""One part of a large window held out: what cross-fitting does five times, once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.computing.pool import HERE, Pool
from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec
from training.continuing.start import NOBODY, NoStart, RegrownStart
from training.split import shuffled
from training.train import IN_MEMORY, Progress, fit
from training.tuning.budget import Budget
from training.tuning.studies import Studies

Mask = NDArray[np.bool_]

SHARE = 0.2


def held_students(
    data: TrainingSet, judged: Mask, *, task: str, seed: int, share: float = SHARE
) -> Mask:
    """All records of students drawn by task and seed, shape (n,).

    Only students with a record to judge on are drawn, until `share` of all records is held out or
    no such student is left.

    Args:
        data: n records.
        judged: records that figures may be measured on, shape (n,).
        task: the task's name.
        seed: of the draw.
        share: of the records that the model does without, at most one student over it.
    """
    students, member = np.unique(data.students, return_inverse=True)
    wanted = np.unique(member[judged])
    drawn = wanted[shuffled(students[wanted], task=task, seed=seed + 1000)]
    held_so_far = np.cumsum(np.bincount(member)[drawn])
    taken = drawn[: int(np.searchsorted(held_so_far, share * len(data))) + 1]
    return np.asarray(np.isin(member, taken))


def scores_without(
    data: TrainingSet,
    held: Mask,
    task: TaskSpec,
    *,
    seed: int,
    progress: Progress,
    budget: Budget | None = None,
    studies: Studies = IN_MEMORY,
    start: RegrownStart | NoStart = NOBODY,
    pool: Pool = HERE,
) -> NDArray[np.float64]:
    """Calibrated scores of the held records, by a model that learned from all others.

    The family is chosen and tuned anew without them.

    Args:
        data: n labelled records.
        held: shape (n,), which of them are scored.
        task: what is trained.
        seed: of folds and fits.
        progress: called with each step, in words.
        budget: of the tuning.
        studies: where searches keep what they have tried.
        start: what families may go on from, grown anew without them.
        pool: does the fits that candidates are compared by.

    Raises:
        NotEnoughData: too few records are left.
    """
    progress(f"holdout: {int((~held).sum())} records to fit, {int(held.sum())} to score")
    model = fit(
        data.take(~held), task, seed=seed, progress=_quiet,
        repeats=1, budget=budget, studies=studies, start=start, pool=pool,
    )  # fmt: skip
    return model.score(data.take(held).records)


def _quiet(line: str) -> None:
    """The inside of a holdout is nobody's progress."""
