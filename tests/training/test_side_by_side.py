"""What is found does not depend on where, or in which order, the work is done."""

from __future__ import annotations

import numpy as np

from model.computing.pool import HERE, Pool
from preprocessing.dataset import TrainingSet
from preprocessing.task.policies import TrainingPolicy
from preprocessing.task.spec import TaskSpec
from tests.backwards import Backwards
from tests.training.continued import champion, start_of, two_years, with_continued
from training.crossfit import out_of_fold
from training.dropped import dropped_features
from training.train import fit
from training.tuning.budget import Budget


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


def test_what_goes_on_from_a_champion_is_the_same(task: TaskSpec) -> None:
    first, both = two_years()
    task = with_continued(task, "lightgbm", "lightgbm_continued")
    start, pool = start_of(champion(first, task), first, task), Backwards()
    pools: tuple[Pool, ...] = (HERE, pool)

    here, there = (
        fit(both, task, seed=3, progress=_quiet, repeats=1, start=start, pool=one) for one in pools
    )
    scores, others = (
        out_of_fold(both, task, seed=3, progress=_quiet, start=start.recipe, pool=one)
        for one in pools
    )

    assert {one["family"] for one in here.candidates} == {"lightgbm", "lightgbm_continued"}
    assert there.candidates == here.candidates
    assert there.scorer.dump() == here.scorer.dump()
    assert np.array_equal(scores, others)
    assert pool.asked == ["fold_margins"] * 10 + ["_scores"] * 5


def _quiet(line: str) -> None:
    """Nobody listens."""
