"""Settings of one family, searched by Optuna's TPE sampler; fold by fold, the hopeless given up."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.computing.pool import HERE, Pool
from preprocessing.lanes import Lanes
from training.cross_validation import Fold, fold_objective
from training.families.family import Family
from training.families.settings import Choice, Space, Whole
from training.tuning.budget import Budget
from training.tuning.studies import Studies

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution

Array = NDArray[np.float64]
Progress = Callable[[str], None]
Clock = Callable[[], float]

STARTUP = 8
"""Settings drawn at random before the sampler learns from them."""
BAR = 20


@dataclass(frozen=True, slots=True)
class Task:
    """What is searched: a family's settings on splits.

    Attributes:
        family: whose settings.
        params: what it is trained with unless something better is found.
        space: what may be changed.
        outcome: shape (n,), of all records that the folds point to.
        folds: in the order they are tried.
        alert_budget: share of students that may be flagged; None: as many as are at risk.
        lanes: of all records, where each has its own budget.
    """

    family: Family
    params: Mapping[str, Any]
    space: Space
    outcome: Array
    folds: Sequence[Fold]
    alert_budget: float | None
    seed: int
    lanes: Lanes | None = None

    def scores(self, params: Mapping[str, Any], pool: Pool) -> Iterator[float]:
        """The objective on one fold after the other."""
        return pool.each(_score, self, [(params, fold) for fold in range(len(self.folds))])

    def name(self) -> str:
        """The same for the same search only: data, splits, family, settings, space and seed."""
        digest = hashlib.sha256()
        for fold in self.folds:
            for part in (fold.sample.rows, fold.sample.outcome, fold.rows, self.outcome[fold.held]):
                digest.update(part.tobytes())
        said = (
            dict(self.params), dict(self.space), self.alert_budget, self.seed, STARTUP,
            [fold.sample.monotone for fold in self.folds],
        )  # fmt: skip
        digest.update(repr(said).encode())
        for fold in self.folds:
            if (begun := fold.sample.start) is not None:
                digest.update(begun.known.tobytes() + repr(dict(begun.params)).encode())
        if self.lanes is not None:
            digest.update(self.lanes.new.tobytes())
            digest.update(repr((self.lanes.known_share, self.lanes.new_share)).encode())
        return f"{self.family.name}-{digest.hexdigest()[:24]}"


def _score(task: Task, tried: tuple[Mapping[str, Any], int]) -> float:
    params, fold = tried
    return fold_objective(
        task.family,
        params,
        task.folds[fold],
        task.outcome,
        task.alert_budget,
        task.seed,
        task.lanes,
    )


@dataclass(frozen=True, slots=True)
class SearchResult:
    """How a search ended.

    Attributes:
        params: the best settings seen, None if the family's own were.
        value: their objective, mean over the folds.
        usual: that of the family's own settings.
        tried: settings tried.
        pruned: how many of them were given up before the last fold.
    """

    params: Mapping[str, Any] | None
    value: float
    usual: float
    tried: int
    pruned: int


def search(
    task: Task,
    *,
    budget: Budget,
    studies: Studies,
    progress: Progress,
    clock: Clock,
    pool: Pool = HERE,
) -> SearchResult:
    """Tries settings until the budget ends; what an earlier process tried of it counts.

    With trials as budget the result follows from the task alone. With seconds it also depends on
    how fast the machine is.

    Args:
        task: the family and what its settings score, fold by fold.
        budget: trials or seconds.
        studies: where what was tried is kept.
        progress: called with each step, in words.
        clock: seconds, growing.
        pool: does the fits: the folds of a setting, and of all that are drawn at random.
    """
    began = clock()
    study = studies.open(task.name())
    study.pruner = _pruner()
    own = task.scores(task.params, pool)
    ahead = _ahead(task, range(len(_finished(study)), min(STARTUP, budget.trials or STARTUP)), pool)
    usual = float(np.nanmean(list(own)))
    while budget.left(number := len(_finished(study)), clock() - began):
        trial = _drawn(study, task, number)
        scores = ahead.pop(number, None) or task.scores(_with(task, trial), pool)
        _try(study, trial, scores, len(task.folds), lambda: budget.left(0, clock() - began))
        _tell(study, task, budget, usual, clock() - began, progress)
    return _found(study, task, usual)


def _pruner() -> optuna.pruners.BasePruner:
    import optuna

    return optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2)


def _drawn(study: optuna.Study, task: Task, number: int) -> optuna.Trial:
    """The next setting, after so many that were finished."""
    import optuna

    # Seeded anew by what was finished: a search that was killed draws what it would have drawn.
    state = np.random.SeedSequence([task.seed, number]).generate_state(1)
    study.sampler = optuna.samplers.TPESampler(seed=int(state[0]), n_startup_trials=STARTUP)
    return study.ask(_distributions(task.space))


def _with(task: Task, trial: optuna.Trial) -> dict[str, Any]:
    return {**task.params, **trial.params}


def _ahead(task: Task, numbers: range, pool: Pool) -> dict[int, Iterator[float]]:
    """What the settings of those numbers score: they are drawn whatever the others score.

    So a cluster works on all of them at once; here each waits until it is asked for.
    """
    drawing = Studies().open("")
    return {
        number: task.scores(_with(task, _drawn(drawing, task, number)), pool) for number in numbers
    }


def _try(
    study: optuna.Study,
    trial: optuna.Trial,
    scores: Iterator[float],
    folds: int,
    in_time: Callable[[], bool],
) -> None:
    """One setting, fold by fold."""
    from optuna.trial import TrialState

    known: list[float] = []
    for step, score in enumerate(scores):
        known.append(score)
        if not in_time():
            study.tell(trial, state=TrialState.FAIL)
            return
        trial.report(_mean(known), step)
        if step + 1 < folds and trial.should_prune():
            study.tell(trial, state=TrialState.PRUNED)
            return
    study.tell(trial, _mean(known))


def _mean(scores: Sequence[float]) -> float:
    known = [score for score in scores if score == score]
    return float(np.mean(known)) if known else 0.0


def _distributions(space: Space) -> dict[str, BaseDistribution]:
    from optuna import distributions

    made: dict[str, BaseDistribution] = {}
    for name, axis in space.items():
        if isinstance(axis, Choice):
            made[name] = distributions.CategoricalDistribution(axis.options)
        elif isinstance(axis, Whole):
            made[name] = distributions.IntDistribution(axis.low, axis.high)
        else:
            made[name] = distributions.FloatDistribution(axis.low, axis.high, log=axis.log)
    return made


def _finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _found(study: optuna.Study, task: Task, usual: float) -> SearchResult:
    from optuna.trial import TrialState

    tried = len(_finished(study))
    whole = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    pruned = tried - len(whole)
    best = max(whole, key=lambda t: (t.value, -t.number), default=None)
    if best is None or best.value is None or best.value <= usual:
        return SearchResult(None, usual, usual, tried, pruned)
    # `none` is what a family does when nothing is said, and is not said.
    params = {k: v for k, v in {**task.params, **best.params}.items() if v != "none"}
    return SearchResult(params, best.value, usual, tried, pruned)


def _tell(
    study: optuna.Study,
    task: Task,
    budget: Budget,
    usual: float,
    seconds: float,
    progress: Progress,
) -> None:
    now = _found(study, task, usual)
    if budget.trials:
        share, of = now.tried / budget.trials, f"{now.tried}/{budget.trials}"
    else:
        share, of = seconds / (budget.seconds or 1.0), f"{now.tried}"
    filled = min(BAR, int(share * BAR))
    bar = "#" * filled + "-" * (BAR - filled)
    progress(
        f"tuning {task.family.name} [{bar}] {of} tried, {now.pruned} given up early; "
        f"best {now.value:.4f}, usual {usual:.4f}"
    )
