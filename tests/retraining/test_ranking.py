from __future__ import annotations

import numpy as np

from retraining.promotion.ranking import Ties, flags, rank

SCORES = np.array([0.9, 0.5, 0.5, 0.5, 0.5, 0.1])
OUTCOME = np.array([1.0, 1.0, 0.0, 1.0, 0.0, 0.0])


def test_tied_students_share_the_remaining_flags_when_ties_are_fair() -> None:
    shared = flags(rank(SCORES, OUTCOME, Ties.FAIR), 3)

    assert shared.tolist() == [1.0, 0.5, 0.5, 0.5, 0.5, 0.0]


def test_tied_students_not_at_risk_are_flagged_first_when_ties_count_against_a_model() -> None:
    strict = flags(rank(SCORES, OUTCOME, Ties.AGAINST), 3)

    assert strict.tolist() == [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]


def test_flags_always_add_up_to_the_budget() -> None:
    rng = np.random.default_rng(3)
    scores, outcome = np.round(rng.random(50), 1), (rng.random(50) < 0.4).astype(float)
    for ties in Ties:
        ranking = rank(scores, outcome, ties)
        assert [round(flags(ranking, k).sum(), 9) for k in range(51)] == list(range(51))


def test_a_constant_score_ranks_like_a_coin_when_fair_and_like_the_worst_order_when_not() -> None:
    constant = np.full(6, 0.5)

    fair = flags(rank(constant, OUTCOME, Ties.FAIR), 3) @ OUTCOME
    against = flags(rank(constant, OUTCOME, Ties.AGAINST), 3) @ OUTCOME

    assert (fair, against) == (1.5, 0.0)
