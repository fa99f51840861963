from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.version import ModelVersion
from preprocessing.dataset import TrainingSet
from retraining.run.standing import Overlap, overlap
from retraining.run.window import Mask
from tests.database.builders import model_version
from tests.retraining.school import task
from tests.retraining.test_window import data
from training.recipe import recipe

TASK = task()
SAME = replace(model_version(1), recipe=recipe(TASK))
CHANGED = replace(SAME, recipe="another")


def window(**students: int) -> TrainingSet:
    periods = [period[1:] for period, n in students.items() for _ in range(n)]
    return data(np.tile([0.0, 1.0], len(periods))[: len(periods)], periods)


def between(found: TrainingSet, known: Mask, champion: ModelVersion, lost: int = 0) -> Overlap:
    return overlap(found, ~known, champion, int(known.sum()) + lost, TASK)


YEARS = window(y2021=200, y2022=200, y2023=200)
BEFORE_2023 = YEARS.periods < "2023"


def test_one_more_period_of_the_same_recipe_is_a_refresh() -> None:
    found = between(YEARS, BEFORE_2023, SAME)

    assert (found.refresh, found.both, found.lag) == (True, False, 1)
    assert round(found.unshared, 3) == round(1 / 3, 3)


def test_another_recipe_with_the_champions_records_is_judged_on_the_same_records() -> None:
    found = between(YEARS, BEFORE_2023, CHANGED)

    assert (found.refresh, found.contained, found.lag) == (False, True, 0)


def test_a_window_that_moved_on_is_no_refresh_and_its_champion_stays_behind() -> None:
    found = between(YEARS, YEARS.periods == "2022", SAME, lost=200)

    assert (found.contained, found.refresh, found.lag) == (False, False, 1)
    assert found.unshared == 0.75


def test_a_few_erased_records_leave_a_refresh_what_it_is() -> None:
    assert between(YEARS, BEFORE_2023, SAME, lost=10).refresh
    assert not between(YEARS, BEFORE_2023, SAME, lost=100).refresh


def test_most_of_the_judged_period_makes_it_one_that_both_know() -> None:
    most, few = YEARS.periods < "2023", YEARS.periods < "2023"
    most[-200:-80], few[-200:-150] = True, True

    assert between(YEARS, most, SAME).both
    assert between(YEARS, few, SAME).refresh


def test_late_labels_of_an_old_period_do_not_hide_that_the_newest_is_new() -> None:
    known = YEARS.periods < "2023"
    known[195:200] = False

    assert not between(YEARS, known, SAME).both


def test_a_champion_of_no_period_in_the_window_is_behind_by_all_that_are_newer() -> None:
    none = np.zeros(len(YEARS), dtype=np.bool_)
    old = replace(SAME, window=replace(SAME.window, periods=("2020",)))
    between_them = replace(SAME, window=replace(SAME.window, periods=("2021", "2022x")))

    assert between(YEARS, none, old, lost=100).lag == 3
    assert between(YEARS, none, between_them, lost=100).lag == 1
