"""What is said of the help: the lots, the cut, and when nothing can be said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.helping.effect import Silence
from retraining.helping import discontinuity
from retraining.helping.discontinuity import cut_effect, installed
from retraining.helping.lottery import lottery_effects
from retraining.helping.standings import Standings
from tests.studies.help_discontinuity import studied as cut_studied
from tests.studies.help_lottery import studied as lots_studied
from tests.studies.helped_schools import World, become, listed

needs_extra = pytest.mark.skipif(not installed(), reason="the extra effects is not installed")


def drawn(n: int, *, saved: float, seed: int = 0, strata: int = 4) -> Standings:
    """n children who drew lots, of whom the half that won was helped."""
    random = np.random.default_rng(seed)
    won = np.arange(n) % 2 == 0
    at_risk = random.random(n) < np.where(won, 0.5 - saved, 0.5)
    return Standings(
        students=np.arange(n).astype(np.str_),
        lanes=np.where(np.arange(n) % 3 == 0, "known", "new"),
        strata=np.arange(n, dtype=np.intp) // 2 % strata,
        placed=won,
        margins=np.zeros(n),
        at_risk=at_risk.astype(np.float64),
        helped=won,
    )


def test_a_lottery_that_helped_is_told_as_such_with_both_sides_and_the_lanes_apart() -> None:
    of_all, *lanes = lottery_effects(drawn(600, saved=0.25))

    assert of_all.silent is None and of_all.place.clear and not of_all.provisional
    assert of_all.place.value == pytest.approx(0.25, abs=0.1)
    assert of_all.p_value is not None and of_all.p_value < 0.001
    assert of_all.given.value == of_all.help.value / of_all.place.value == 1.0  # type: ignore[operator]
    assert (of_all.won.known, of_all.won.helped, of_all.lost.helped) == (300, 300, 0)
    assert [one.group for one in lanes] == ["known", "new"]
    assert sum(one.won.students for one in lanes) == of_all.won.students


def test_students_who_drew_no_lot_do_not_count() -> None:
    some = drawn(200, saved=0.2)
    strata = some.strata.copy()
    strata[:100] = -1

    of_all, *_ = lottery_effects(replace(some, strata=strata))

    assert of_all.won.students + of_all.lost.students == 100
    nobody = lottery_effects(replace(some, strata=np.full(200, -1)))
    assert [one.silent for one in nobody] == [Silence.NO_DRAW]


def test_outcomes_that_are_not_known_make_it_provisional_and_unequal_ones_a_warning() -> None:
    some = drawn(200, saved=0.2)
    at_risk = some.at_risk.copy()
    at_risk[some.placed & (np.arange(200) < 120)] = np.nan

    of_all, *_ = lottery_effects(replace(some, at_risk=at_risk))

    assert of_all.provisional and of_all.won.known == 40 and of_all.lost.known == 100
    assert of_all.lacking_p is not None and of_all.lacking_p < 0.001


def test_of_fewer_than_ten_on_a_side_nothing_is_told() -> None:
    few = drawn(18, saved=0.2)

    (of_all, *_) = lottery_effects(few)
    unknown, *_ = lottery_effects(replace(few, at_risk=np.full(18, np.nan)))

    assert (of_all.silent, of_all.won.at_risk, of_all.place.known) == (Silence.FEW, None, False)
    assert unknown.silent is Silence.NO_OUTCOMES


def test_of_fewer_than_ten_in_draws_with_outcomes_on_both_sides_nothing_is_told() -> None:
    """All winners but one drew where no loser's outcome is known: it would be that one's."""
    some = drawn(80, saved=0.2, strata=2)
    at_risk = some.at_risk.copy()
    lone = np.flatnonzero(some.placed & (some.strata == 1))
    at_risk[lone[1:]] = np.nan
    at_risk[~some.placed & (some.strata == 0)] = np.nan

    of_all, *_ = lottery_effects(replace(some, at_risk=at_risk))

    assert (of_all.won.known, of_all.lost.known) == (21, 20)
    assert (of_all.silent, of_all.won.at_risk, of_all.place.known) == (Silence.FEW, None, False)


def test_a_lane_that_would_follow_as_a_difference_is_withheld_with_it() -> None:
    some = drawn(100, saved=0.2)
    lanes = np.where(np.arange(100) < 12, "known", "new")

    of_all, known, new = lottery_effects(replace(some, lanes=lanes))

    assert of_all.silent is None
    assert known.silent is new.silent is Silence.FEW


def at_cut(n: int, *, saved: float, harsh: bool = False, seed: int = 3) -> Standings:
    random = np.random.default_rng(seed)
    world = World(n, units=4, places=0.4, saved=saved, harsh=harsh)
    school = listed(world, random)
    nobody = np.full(n, -1, dtype=np.intp)
    return become(world, school, nobody, school.margins >= 0, random)


@needs_extra
@pytest.mark.slow
def test_a_jump_at_the_cut_is_told_with_what_the_help_did() -> None:
    found = cut_effect(at_cut(6_000, saved=0.7), 4)

    assert found.silent is None and found.listed.clear and found.help.clear
    assert found.listed.value is not None and found.help.value is not None
    assert 0 < found.listed.value < found.help.value
    assert found.p_value is not None and found.p_value < 0.01
    assert found.density_p is not None and found.density_p > 0.05
    assert 0 < found.near_within < found.within.known


@needs_extra
@pytest.mark.slow
def test_where_the_list_alone_decides_help_is_what_the_list_did() -> None:
    found = cut_effect(at_cut(2_000, saved=0.6, harsh=True), 4)

    assert found.help == found.listed and found.given.value == 1.0


@needs_extra
@pytest.mark.slow
def test_where_the_list_decides_nothing_the_help_is_not_told() -> None:
    some = at_cut(2_000, saved=0.0)
    random = np.random.default_rng(1)

    found = cut_effect(replace(some, helped=random.random(2_000) < 0.3), 4)

    assert found.silent is None and not found.help.known


@needs_extra
@pytest.mark.slow
def test_students_moved_within_the_cut_are_noticed() -> None:
    some = at_cut(3_000, saved=0.0)
    moved = np.where((some.margins < 0) & (some.margins > -0.3), 0.05 - some.margins, some.margins)

    found = cut_effect(replace(some, margins=moved, placed=moved >= 0), 4)

    assert found.density_p is not None and found.density_p < 0.001


@needs_extra
@pytest.mark.slow
def test_students_of_several_periods_are_no_several_witnesses() -> None:
    some = at_cut(2_000, saved=0.4)
    twice = replace(some, students=np.array([str(i // 2) for i in range(2_000)]))

    assert cut_effect(twice, 4).listed.known


@needs_extra
@pytest.mark.parametrize("at_risk", [0.0, 1.0])
def test_where_all_became_the_same_no_jump_is_told_and_the_job_goes_on(at_risk: float) -> None:
    some = at_cut(400, saved=0.3)

    found = cut_effect(replace(some, at_risk=np.full(400, at_risk)), 4)

    assert found.silent is Silence.NO_FIT and not found.listed.known
    assert found.within.at_risk == at_risk * found.within.known


@needs_extra
def test_of_fewer_than_ten_students_near_the_cut_no_jump_is_told() -> None:
    random = np.random.default_rng(0)
    near, far = np.linspace(0.01, 0.05, 5), np.full(60, 3.0)
    margins = np.concatenate([near, far, -near, -far])
    school = at_cut(130, saved=0.0)
    some = replace(
        school, margins=margins, placed=margins > 0, at_risk=np.floor(random.random(130) * 2)
    )

    found = cut_effect(some, 4)

    assert (found.silent, found.p_value, found.near_within) == (Silence.NO_FIT, None, 0)


@needs_extra
def test_a_list_that_decided_of_all_but_a_few_far_from_it_keeps_its_jump() -> None:
    """Near the cut help jumps from nobody to everybody, which `rdrobust` cannot measure."""
    some = at_cut(2_000, saved=0.6, harsh=True)
    helped = some.placed.copy()
    far = np.argsort(-np.abs(some.margins))[:3]
    helped[far] = ~helped[far]

    found = cut_effect(replace(some, helped=helped), 4)

    assert found.silent is None and found.listed.known and not found.help.known


def test_at_the_cut_nothing_is_said_without_lists_outcomes_or_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    some = at_cut(400, saved=0.3)
    nobody = some.take(np.zeros(400, dtype=np.bool_))

    assert cut_effect(nobody, 3).silent is Silence.NO_CUT
    assert cut_effect(some.take(np.arange(60)), 1).silent is Silence.FEW
    unknown = replace(some, at_risk=np.full(400, np.nan))
    assert cut_effect(unknown, 1).silent is Silence.NO_OUTCOMES
    monkeypatch.setattr(discontinuity, "EXTRA", "no_such_library")
    assert cut_effect(some, 1).silent is Silence.NOT_INSTALLED


def test_the_study_of_lots_holds_in_small() -> None:
    *_, place, helped, _, seen = lots_studied(200, 10, 0.0, schools=30, seed=2)

    assert float(str(place)) >= 0.85 and float(str(helped)) >= 0.85 and float(str(seen)) <= 0.15


@needs_extra
@pytest.mark.slow
def test_the_study_of_the_cut_holds_in_small() -> None:
    row = cut_studied(1_000, 2, 0.4, True, schools=12, seed=2)

    assert float(str(row[4])) >= 0.75
