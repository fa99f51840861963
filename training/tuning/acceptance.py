"""Whether settings that a search found are taken: only where they are better beyond noise."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

from model.computing.pool import HERE, Pool
from preprocessing.dataset import TrainingSet
from preprocessing.lanes import lanes_of
from preprocessing.task.spec import TaskSpec
from training.candidates import candidate
from training.continuing.start import RegrownStart
from training.cross_validation import Fold, Trial, search_folds, try_candidate
from training.paired_gain import paired_gain
from training.split import FOLDS
from training.tuning.budget import Budget
from training.tuning.search import Clock, Progress, SearchResult, Task, search
from training.tuning.studies import Studies


@dataclass(frozen=True, slots=True)
class Tuning:
    """How tuning ended.

    Attributes:
        taken: whether the settings found are used.
        told: what was tried and decided, in words.
        trial: the settings found, on the splits that families are compared on; None if none were.
    """

    taken: bool
    told: str
    trial: Trial | None = None


def tune(
    usual: Trial,
    data: TrainingSet,
    task: TaskSpec,
    splits: list[list[Fold]],
    *,
    budget: Budget,
    studies: Studies,
    seed: int,
    progress: Progress,
    clock: Clock = perf_counter,
    start: RegrownStart | None = None,
    pool: Pool = HERE,
) -> Tuning:
    """Searches better settings for a family and judges them on splits the search did not use.

    The best of many settings owes a part of its figure to the splits it was the best on. So it is
    compared once more, on the splits of the family's choice, paired fold by fold.

    Args:
        usual: the family with its own settings, on `splits`.
        data: the records that families are compared on.
        task: outcome kind and alert budget.
        splits: of `data`, as families were compared on.
        budget: what the search may cost.
        studies: where it keeps what it tried.
        seed: the search's.
        progress: told of each setting tried.
        clock: seconds, for a budget of time.
        start: what the family goes on from, grown anew in each split; None: nothing.
        pool: does the fits.
    """
    known = candidate(usual.family)
    space = known.space(task.training, numeric=not task.outcome.form.two_valued)
    if not space:
        return Tuning(False, f"{known.name} has no settings to tune")
    folds = search_folds(data, task, seed=seed, repeats=len(splits), start=start)
    share, lanes = task.promotion.budget, lanes_of(data.records, task)
    question = Task(known, usual.params, space, data.outcome, folds, share, seed, lanes)
    found = search(
        question, budget=budget, studies=studies, progress=progress, clock=clock, pool=pool
    )
    if found.params is None:
        return Tuning(False, f"{_counts(found)}; none beat {known.name}'s own settings")
    trial = try_candidate(
        known, found.params, data.outcome, splits,
        budget=share, seed=seed, lanes=lanes, pool=pool,
    )  # fmt: skip
    gain = paired_gain(usual.by_fold, trial.by_fold, FOLDS)
    taken = gain.clear
    told = (
        f"{_counts(found)}; the best gains {found.value - found.usual:+.4f} where it was searched, "
        f"{gain.mean:+.4f} on other splits: {'taken' if taken else 'not beyond noise, not taken'}"
    )
    return Tuning(taken, told, trial)


def _counts(found: SearchResult) -> str:
    return f"{found.tried} settings tried, {found.pruned} given up early"
