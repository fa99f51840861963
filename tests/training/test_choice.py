from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from training.candidates import FAMILIES, places
from training.cross_validation import Trial
from training.family_choice import best_first

PLACES = {"plain": 10, "middling": 20, "involved": 30}


def trial(family: str, by_fold: Sequence[float]) -> Trial:
    folds = np.array(by_fold)
    objective = float(np.nanmean(folds))
    return Trial(family, {}, {"objective": objective}, np.zeros(1), folds, seconds=0.0)


def names(trials: list[Trial]) -> list[str]:
    return [trial.family for trial in best_first(trials, PLACES)]


def test_of_those_that_the_best_does_not_clearly_beat_the_simplest_is_taken() -> None:
    tried = [
        trial("involved", [0.86, 0.80, 0.84, 0.82, 0.83]),
        trial("middling", [0.82, 0.83, 0.80, 0.84, 0.84]),
        trial("plain", [0.76, 0.70, 0.74, 0.72, 0.73]),
    ]

    assert names(tried) == ["middling", "involved", "plain"]


def test_a_small_lead_that_shows_in_every_fold_is_no_chance() -> None:
    hard_and_easy = np.array([0.60, 0.95, 0.70, 0.90, 0.80])
    tried = [
        trial("plain", hard_and_easy.tolist()),
        trial("involved", (hard_and_easy + 0.01).tolist()),
    ]

    assert names(tried) == ["involved", "plain"]


def test_the_simplest_is_taken_where_it_is_also_the_best() -> None:
    tried = [trial("involved", [0.8] * 5), trial("plain", [0.9] * 5)]

    assert names(tried) == ["plain", "involved"]


def test_a_fold_without_anybody_at_risk_says_nothing_about_either() -> None:
    tried = [
        trial("plain", [0.8, np.nan, 0.7, 0.8, 0.8]),
        trial("involved", [0.9, np.nan, 0.8, 0.9, 0.9]),
    ]

    assert names(tried) == ["involved", "plain"]


@pytest.mark.parametrize("turn", range(3))
def test_the_order_in_which_candidates_were_tried_changes_nothing(turn: int) -> None:
    tried = [trial(name, [0.8, 0.9, 0.85, 0.8, 0.8]) for name in PLACES]

    assert names(tried[turn:] + tried[:turn]) == ["plain", "involved", "middling"]


def test_a_numeric_outcome_is_judged_by_the_same_rule() -> None:
    tried = [trial("plain", [-1.1, -1.0, -1.2]), trial("involved", [-1.0, -1.1, -1.1])]

    assert names(tried) == ["plain", "involved"]


def test_no_two_families_have_the_same_place_so_that_no_hundredth_decides() -> None:
    taken = [family.place for family in FAMILIES]
    twice = [family.name for family in FAMILIES if taken.count(family.place) > 1]

    assert twice == []
    assert sorted(places(), key=places().__getitem__)[:2] == ["lightgbm", "lasso"]
