from __future__ import annotations

import numpy as np
import pytest

from preprocessing.task.spec import TaskSpec
from tests.training.conftest import made_up
from training.crossfit import out_of_fold
from training.holdout import held_students
from training.split import drawn_numbers, each_fold, grouped_folds
from training.train import part_for_comparison


def test_no_student_is_on_both_sides_of_a_split() -> None:
    data = made_up(300)

    for train, held in each_fold(grouped_folds(data.outcome, data.students, task="t", seed=3)):
        assert not set(data.students[train]) & set(data.students[held])


def test_every_record_is_held_out_once_and_folds_are_alike() -> None:
    data = made_up(5000)

    fold = grouped_folds(data.outcome, data.students, task="t", seed=3)

    sizes = np.bincount(fold)
    shares = np.array([data.outcome[fold == k].mean() for k in range(5)])
    assert sizes.sum() == 5000
    assert sizes.max() < 1.2 * sizes.min()
    assert shares.max() - shares.min() < 0.1


def test_another_seed_or_task_deals_other_folds() -> None:
    data = made_up(300)

    first = grouped_folds(data.outcome, data.students, task="t", seed=0)

    assert np.array_equal(first, grouped_folds(data.outcome, data.students, task="t", seed=0))
    for task, seed in (("t", 1), ("other", 0)):
        other = grouped_folds(data.outcome, data.students, task=task, seed=seed)
        assert 0.1 < (first == other).mean() < 0.3


@pytest.mark.parametrize("more", [1, 7, 100])
def test_more_students_leave_everybody_in_the_fold_they_were_in(more: int) -> None:
    data = made_up(765)
    outcome = np.concatenate([np.ones(more), data.outcome])
    students = np.concatenate([np.array([f"new {i}" for i in range(more)]), data.students])

    before = grouped_folds(data.outcome, data.students, task="t", seed=0)
    after = grouped_folds(outcome, students, task="t", seed=0)

    assert np.array_equal(after[more:], before)


def test_another_outcome_or_order_of_the_records_deals_nobody_anew() -> None:
    data = made_up(765)
    order = np.random.default_rng(1).permutation(765)

    before = grouped_folds(data.outcome, data.students, task="t", seed=0)
    after = grouped_folds(1.0 - data.outcome[order], data.students[order], task="t", seed=0)

    assert np.array_equal(after, before[order])


def test_every_installation_deals_alike() -> None:
    students = np.array(["RA-1", "RA-2", "RA-3", "Zoë", "RA-5"])

    numbers = drawn_numbers(students, task="pede_lag", seed=0)

    assert (numbers % np.uint64(5)).tolist() == [3, 2, 3, 1, 0]


def test_one_more_student_changes_who_is_held_out_by_that_student_at_most() -> None:
    data = made_up(1000)
    judged = np.ones(1000, dtype=np.bool_)
    fewer = data.take(np.arange(1, 1000))

    def held(some: np.ndarray, students: np.ndarray) -> set[str]:
        return set(students[some].tolist())

    before = held(held_students(fewer, judged[1:], task="t", seed=0), fewer.students)
    after = held(held_students(data, judged, task="t", seed=0), data.students)

    assert len(before ^ after) <= 2


def test_one_more_student_changes_who_families_are_compared_on_by_that_student_at_most() -> None:
    data = made_up(8000)
    one_less = data.students != data.students[0]
    fewer = data.take(one_less)

    before = set(fewer.students[part_for_comparison(fewer, "t", 0)].tolist())
    after = set(data.students[part_for_comparison(data, "t", 0)].tolist())

    assert len(before ^ after) <= 4


@pytest.mark.parametrize("seed", range(20))
def test_few_records_are_dealt_so_that_every_fold_leaves_enough_of_both_outcomes(
    seed: int,
) -> None:
    outcome = np.array([1.0] * 5 + [0.0] * 15)
    students = np.array([f"s{i}" for i in range(20)])

    dealt = list(each_fold(grouped_folds(outcome, students, task="t", seed=seed)))

    assert len(dealt) == 5
    for train, held in dealt:
        assert len(held)
        assert (outcome[train] == 1).sum() >= 3


def test_a_fold_without_anybody_at_risk_is_no_obstacle(task: TaskSpec) -> None:
    data = made_up(120)
    rare = np.zeros(120)
    rare[:12] = 1.0
    few = type(data)(data.records, rare, data.students, data.periods, data.protected)
    dealt = grouped_folds(few.outcome, few.students, task=task.name, seed=1011)
    assert min(np.bincount(dealt, weights=rare, minlength=5)) == 0

    scores = out_of_fold(few, task, seed=11, progress=lambda _: None, family="ridge", params=None)

    assert np.all((scores >= 0) & (scores <= 1))
