from __future__ import annotations

import numpy as np
import pytest

from training.cross_validation import Trial
from training.family_choice import best_first


def trial(family: str, objective: float, precision: float | None = None) -> Trial:
    figures = {"objective": objective}
    if precision is not None:
        figures["average_precision"] = precision
    return Trial(family, {}, figures, margins=np.zeros(1), by_fold=np.zeros(1), seconds=0.0)


def names(trials: list[Trial]) -> list[str]:
    return [trial.family for trial in trials]


def test_a_clear_lead_in_the_objective_decides() -> None:
    tried = [trial("a", 0.80, 0.95), trial("b", 0.85, 0.90), trial("c", 0.70, 0.99)]

    assert names(best_first(tried, positives=100)) == ["b", "a", "c"]


def test_a_lead_of_less_than_two_students_is_a_tie_that_precision_settles() -> None:
    tried = [trial("a", 0.850, 0.90), trial("b", 0.849, 0.92), trial("c", 0.840, 0.99)]

    assert names(best_first(tried, positives=366)) == ["b", "a", "c"]


@pytest.mark.parametrize("turn", range(3))
def test_the_order_in_which_candidates_were_tried_changes_nothing(turn: int) -> None:
    tried = [trial("a", 0.85, 0.9), trial("b", 0.85, 0.9), trial("c", 0.849, 0.9)]

    assert names(best_first(tried[turn:] + tried[:turn], positives=100)) == ["a", "b", "c"]


def test_a_numeric_outcome_has_no_such_ties() -> None:
    tried = [trial("a", -1.001), trial("b", -1.0)]

    assert names(best_first(tried, positives=0)) == ["b", "a"]
