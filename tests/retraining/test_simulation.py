from __future__ import annotations

import numpy as np
import pytest

from tests.studies.guard_errors import groups
from tests.studies.promotion_simulation import (
    World,
    draw,
    noise_for,
    recall_at_prevalence,
    rivals,
    simulate,
)


def test_two_equally_good_models_are_rarely_promoted_where_a_naive_gate_often_does() -> None:
    (result,) = simulate(rivals(World(), [0.0]), 300, trials=150, resamples=300, seed=11)

    assert result.promoted <= 0.05
    assert result.naive >= 0.25


@pytest.mark.long
def test_a_challenger_ten_points_better_is_nearly_always_promoted() -> None:
    (result,) = simulate(rivals(World(), [0.10]), 765, trials=40, resamples=300, seed=12)

    assert result.promoted >= 0.9


def test_the_true_gain_is_what_was_asked_for() -> None:
    world = World()
    people = draw(world, 300_000, [noise_for(world, 0.05)], np.random.default_rng(77))

    gained = recall_at_prevalence(people.outcome, people.challengers[0]) - recall_at_prevalence(
        people.outcome, people.champion
    )

    assert abs(gained - 0.05) < 0.004
    assert abs(people.outcome.mean() - 0.46) < 0.01


def test_equal_groups_seldom_look_unequal_to_the_guard_and_often_to_the_limit_alone() -> None:
    cell = next(groups(150))

    assert (cell["groups"], cell["at_risk"], cell["gap"]) == (2, 30, 0.0)
    assert cell["objects"][0] <= 0.05  # type: ignore[index]
    assert cell["limit_alone"][0] >= 0.05  # type: ignore[index]
