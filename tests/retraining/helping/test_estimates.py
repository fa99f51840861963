"""The estimates of what help does, against published figures, brute force and each other."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import fisher_exact

from retraining.helping.complier import complier_effect
from retraining.helping.power import Prospects, children_needed, power_table, smallest_effect
from retraining.helping.randomisation import chance_of
from retraining.helping.score_interval import fitted_share, score_interval
from retraining.helping.tables import Tables, tables_of


def tables(*counts: tuple[float, float, float, float]) -> Tables:
    return Tables(*(np.array(column, dtype=np.float64) for column in zip(*counts, strict=True)))


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, table II, method 6; last digits of the paper.
        ((56, 70, 48, 80), 0.0528, 0.3382),
        ((9, 10, 3, 10), 0.1700, 0.8406),
        ((10, 10, 0, 20), 0.7156, 1.0000),
        ((10, 10, 0, 10), 0.6636, 1.0000),
        # Nobody, or everybody, on both sides: d² = z² d (1 - d) N / (n (N - 1)) has the ends.
        ((0, 10, 0, 20), -0.1658, 0.2844),
        ((0, 10, 0, 10), -0.2879, 0.2879),
        ((10, 10, 10, 10), -0.2879, 0.2879),
    ],
)
def test_the_score_interval_of_one_table_is_the_published_one(
    counts: tuple[float, float, float, float], low: float, high: float
) -> None:
    assert score_interval(tables(counts)) == pytest.approx((low, high), abs=1e-4)


def test_the_share_that_fits_a_difference_is_the_most_likely_one() -> None:
    one, difference = tables((3, 9, 5, 7)), -0.2
    grid = np.linspace(0.2001, 0.9999, 20_000)

    likely = (
        3 * np.log(grid + difference) + 6 * np.log(1 - grid - difference)
        + 5 * np.log(grid) + 2 * np.log(1 - grid)
    )  # fmt: skip

    assert fitted_share(one, difference)[0] == pytest.approx(grid[likely.argmax()], abs=1e-3)


def test_strata_with_one_side_only_do_not_count() -> None:
    strata, placed = np.array([0, 0, 1, 1, 2]), np.array([True, False, True, True, False])

    found = tables_of(strata, placed, np.array([True, False, True, True, True]))

    assert found is not None and (len(found), found.difference) == (1, 1.0)
    assert tables_of(strata[2:], placed[2:], placed[2:]) is None


def test_strata_of_unlike_risk_do_not_pass_for_an_effect() -> None:
    """Where more is at risk more places are won; together the winners seem to do worse."""
    unlike = tables((36, 40, 9, 10), (1, 10, 4, 40))

    assert unlike.difference == pytest.approx(0.0)
    assert chance_of(unlike) == pytest.approx(1.0)
    low, high = score_interval(unlike)
    assert low < 0 < high


@pytest.mark.parametrize("counts", [(3, 4, 1, 4), (8, 12, 3, 12), (0, 5, 5, 5)])
def test_the_test_of_one_draw_of_equal_sides_is_fishers(counts: tuple[int, int, int, int]) -> None:
    won, placed, lost, others = counts

    chance = chance_of(tables(counts))

    fisher = fisher_exact([[won, placed - won], [lost, others - lost]]).pvalue
    assert chance == pytest.approx(fisher)


def test_the_randomisation_test_counts_how_the_lots_could_have_fallen() -> None:
    outcomes = (np.array([1, 1, 0, 0, 1]), np.array([0, 1, 1, 1]))
    winners = ((0, 1), (0,))
    both = tables((2, 2, 1, 3), (0, 1, 3, 3))

    def found(one: tuple[int, ...], other: tuple[int, ...]) -> float:
        parts = zip(outcomes, (one, other), strict=True)
        return float(sum(y[list(w)].sum() - len(w) * y.mean() for y, w in parts))

    seen = abs(found(*winners))
    draws = [
        abs(found(one, other))
        for one in combinations(range(5), 2)
        for other in combinations(range(4), 1)
    ]
    assert chance_of(both) == pytest.approx(np.mean([draw >= seen - 1e-9 for draw in draws]))


def test_the_help_of_those_whom_the_place_got_it_is_the_ratio_of_both_differences() -> None:
    random = np.random.default_rng(3)
    strata = np.repeat(np.arange(8), 50)
    won = np.tile(np.arange(50) < 25, 8)
    helped = random.random(400) < np.where(won, 0.8, 0.2)
    well = (random.random(400) < 0.5 + 0.3 * helped).astype(np.float64)

    found = complier_effect(strata, won, well, helped)

    placed, given = tables_of(strata, won, well > 0.5), tables_of(strata, won, helped)
    assert placed is not None and given is not None and found.value is not None
    assert found.value == pytest.approx(placed.difference / given.difference)
    assert found.low is not None and found.high is not None
    assert found.low < 0.3 < found.high and found.high - found.low < 0.5


def test_where_a_place_hardly_gets_anybody_help_nothing_is_excluded() -> None:
    won = np.arange(200) < 100
    helped = np.zeros(200, dtype=np.bool_)
    helped[[0, 1, 150]] = True
    well = (np.arange(200) % 2).astype(np.float64)

    found = complier_effect(np.zeros(200, dtype=np.intp), won, well, helped)

    assert (found.low, found.high) == (-1.0, 1.0)


def test_where_as_many_are_helped_without_a_place_nothing_is_divided_by_rounding() -> None:
    """Two thirds more by one draw and fewer by the other add up to 1e-16."""
    strata, won = np.repeat([0, 1], 3), np.tile([True, False, False], 2)
    helped = np.array([True, False, False, False, True, True])

    assert not complier_effect(strata, won, won.astype(np.float64), helped).known


def test_where_all_or_nobody_are_helped_there_is_nothing_to_divide_by() -> None:
    won = np.arange(20) < 10
    well = np.ones(20)

    assert not complier_effect(np.zeros(20, dtype=np.intp), won, well, won | True).known


def test_so_many_children_see_the_effect_as_often_as_the_table_says() -> None:
    needed = children_needed(0.15, 0.4)
    assert needed is not None
    random = np.random.default_rng(5)
    half = needed // 2

    draws = zip(random.binomial(half, 0.25, 200), random.binomial(half, 0.4, 200), strict=True)
    seen = np.mean([chance_of(tables((x, half, y, half))) <= 0.05 for x, y in draws])

    assert seen == pytest.approx(0.8, abs=0.08)


def test_the_power_table_asks_for_more_children_where_others_are_helped_too_or_no_lots_drawn() -> (
    None
):
    table = power_table(0.4, [Prospects(0.5, 60, 30), Prospects(1.0, 2_000, 1_000)])

    ten = next(one for one in table.needed if one.effect == 0.10)
    assert ten.children is not None and ten.partly is not None and ten.at_cut is not None
    assert ten.children < ten.partly < ten.at_cut
    assert ten.partly == pytest.approx(ten.children / 0.7**2, rel=0.1)
    narrow, wide = table.outlook
    assert narrow.effect is None or (wide.effect is not None and narrow.effect > wide.effect)
    assert wide.effect is not None and 0.05 < wide.effect < 0.12


def test_an_effect_larger_than_the_share_at_risk_is_not_possible() -> None:
    table = power_table(0.08)

    assert [one.children is None for one in table.needed] == [False, True, True, True]
    assert smallest_effect(Prospects(0.1, 4, 2), 0.08) is None
    assert power_table(None).at_risk == 0.5 and not power_table(None).measured
