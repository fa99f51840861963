"""What is found does not depend on where, or in which order, the work is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from model.computing.pool import HERE
from preprocessing.dataset import TrainingSet
from preprocessing.task.policies import TrainingPolicy
from preprocessing.task.spec import TaskSpec
from training.crossfit import out_of_fold
from training.dropped import dropped_features
from training.train import fit
from training.tuning.budget import Budget

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class Backwards:
    """All items at once, the last one first, each on copies of what it was given."""

    asked: list[str] = field(default_factory=list)

    def each(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Iterator[Result]:
        listed = list(items)
        self.asked += [function.__qualname__] * len(listed)
        found = [function(deepcopy(shared), deepcopy(item)) for item in reversed(listed)]
        return iter(found[::-1])

    def hosts(self) -> Sequence[str]:
        return HERE.hosts()

    def together(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
    ) -> list[Result]:
        return HERE.together(function, shared, items)

    def ready(self) -> str:
        return "backwards"


def test_the_candidates_of_a_fit_and_its_trials_are_one_task_a_fold(
    students: TrainingSet, task: TaskSpec
) -> None:
    pool, budget = Backwards(), Budget(trials=10)

    here = fit(students, task, seed=3, progress=_quiet, repeats=2, budget=budget)
    there = fit(students, task, seed=3, progress=_quiet, repeats=2, budget=budget, pool=pool)

    assert there.scorer.dump() == here.scorer.dump()
    assert there.candidates == here.candidates
    assert there.tuning == here.tuning
    assert pool.asked.count("fold_margins") >= 2 * 2 * 5, "two candidates, two seeds, five folds"
    assert pool.asked.count("_score") >= 10 * 5, "ten trials of five folds or more"


def test_the_scores_out_of_fold_are_the_same(students: TrainingSet, task: TaskSpec) -> None:
    pool = Backwards()

    here = out_of_fold(students, task, seed=3, progress=_quiet)
    there = out_of_fold(students, task, seed=3, progress=_quiet, pool=pool)

    assert np.array_equal(here, there)
    assert pool.asked == ["_scores"] * 5


def test_a_fold_that_has_to_be_tuned_gives_its_trials_away_and_keeps_its_search(
    students: TrainingSet, task: TaskSpec
) -> None:
    tuned = task.model_copy(
        update={"training": TrainingPolicy(candidates=("ridge",), trials=2, seconds=None)}
    )
    pool = Backwards()

    here = out_of_fold(students, tuned, seed=3, progress=_quiet)
    there = out_of_fold(students, tuned, seed=3, progress=_quiet, pool=pool)

    assert np.array_equal(here, there)
    assert "_scores" not in pool.asked
    assert pool.asked.count("_score") > 5


def test_what_each_feature_brings_is_the_same(students: TrainingSet, task: TaskSpec) -> None:
    pool, params = Backwards(), {"c": 1.0}

    here = dropped_features(students, task, "ridge", params, seed=1, progress=_quiet)
    there = dropped_features(students, task, "ridge", params, seed=1, progress=_quiet, pool=pool)

    assert there == here
    assert here.dropped
    assert set(pool.asked) == {"_objective"}


def _quiet(line: str) -> None:
    """Nobody listens."""
