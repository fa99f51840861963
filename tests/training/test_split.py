from __future__ import annotations

import numpy as np

from tests.training.conftest import made_up
from training.split import each_fold, grouped_folds


def test_no_student_is_on_both_sides_of_a_split() -> None:
    data = made_up(300)

    for train, held in each_fold(grouped_folds(data.outcome, data.students, seed=3)):
        assert not set(data.students[train]) & set(data.students[held])


def test_every_record_is_held_out_once_and_folds_are_alike() -> None:
    data = made_up(1000)

    fold = grouped_folds(data.outcome, data.students, seed=3)

    sizes = np.bincount(fold)
    shares = np.array([data.outcome[fold == k].mean() for k in range(5)])
    assert sizes.sum() == 1000
    assert sizes.max() - sizes.min() <= 20
    assert shares.max() - shares.min() < 0.05


def test_another_seed_deals_other_folds() -> None:
    data = made_up(300)

    first = grouped_folds(data.outcome, data.students, seed=0)

    assert np.array_equal(first, grouped_folds(data.outcome, data.students, seed=0))
    assert not np.array_equal(first, grouped_folds(data.outcome, data.students, seed=1))
