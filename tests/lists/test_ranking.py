"""Ranks, places and cuts of a list."""

from __future__ import annotations

import numpy as np
import pytest

from model.lists.budget import wrong_in
from model.lists.published import Lane, LaneRoom, ListBudget, RoomSource
from preprocessing.lists.ranking import RankedStudents, rank_students
from preprocessing.lists.scoring import ScoredStudents
from preprocessing.task.policies import LaneBudgets, PromotionPolicy
from tests.lists.students import many, scored

KNOWN, NEW = Lane.KNOWN, Lane.NEW
CITY = scored(
    [
        ("a1", "a", KNOWN, 2.0),
        ("a2", "a", KNOWN, 1.0),
        ("a3", "a", NEW, 0.5),
        ("a4", "a", NEW, -1.0),
        ("b1", "b", NEW, 3.0),
        ("b2", "b", NEW, 0.4),
        ("b3", "b", NEW, -2.0),
    ]
)
POLICY = PromotionPolicy()


def with_places(ranked: RankedStudents, students: ScoredStudents) -> set[str]:
    return {one for one, within in zip(students.ids, ranked.within, strict=True) if within}


def room(ranked: RankedStudents, lane: Lane, unit: str) -> LaneRoom:
    return next(one for one in ranked.rooms if (one.lane, one.unit) == (lane, unit))


def test_everybody_is_ranked_in_their_own_lane_and_unit() -> None:
    ranked = rank_students(CITY, (), POLICY)

    assert dict(zip(CITY.ids, ranked.rank.tolist(), strict=True)) == {
        "a1": 1, "a2": 2, "a3": 1, "a4": 2, "b1": 1, "b2": 2, "b3": 3,
    }  # fmt: skip
    assert [CITY.ids[place] for place in ranked.order] == [
        "b1", "a1", "a2", "a3", "b2", "a4", "b3",
    ]  # fmt: skip


def test_scores_that_round_to_one_are_still_told_apart() -> None:
    certain = scored([("low", "", NEW, 40.0), ("high", "", NEW, 45.0)])

    ranked = rank_students(certain, (), POLICY)

    assert certain.scores[0] == certain.scores[1] == 1.0
    assert [certain.ids[place] for place in ranked.order] == ["high", "low"]


def test_without_a_budget_there_are_as_many_places_as_the_operating_point_flags() -> None:
    ranked = rank_students(CITY, (), POLICY)

    assert with_places(ranked, CITY) == {"a1", "a2", "a3", "b1", "b2"}
    assert room(ranked, NEW, "b") == LaneRoom(NEW, "b", 3, 2, 2, RoomSource.CHAMPION)


def test_the_policys_lanes_are_shares_of_all_students_of_a_unit() -> None:
    policy = PromotionPolicy(lanes=LaneBudgets(known=0.25, new=0.5))

    ranked = rank_students(CITY, (), policy)

    assert with_places(ranked, CITY) == {"a1", "a3", "a4", "b1", "b2"}
    assert room(ranked, KNOWN, "a") == LaneRoom(KNOWN, "a", 2, 1, 1, RoomSource.POLICY)


def test_the_policys_one_budget_goes_to_whoever_is_most_urgent_whatever_the_lane() -> None:
    ranked = rank_students(CITY, (), PromotionPolicy(alert_budget=0.5))

    assert with_places(ranked, CITY) == {"a1", "a2", "b1", "b2"}


def test_what_a_school_has_set_goes_before_all_others_and_its_own_before_everybodys() -> None:
    budgets = [ListBudget(NEW, top=1), ListBudget(NEW, "a", share=1.0), ListBudget(KNOWN, top=9)]

    ranked = rank_students(CITY, budgets, PromotionPolicy(alert_budget=0.1))

    assert with_places(ranked, CITY) == {"a1", "a2", "a3", "a4", "b1"}
    assert room(ranked, KNOWN, "a") == LaneRoom(KNOWN, "a", 2, 9, 2, RoomSource.SCHOOL)


def test_a_lane_with_a_budget_leaves_the_others_as_they_are() -> None:
    ranked = rank_students(CITY, [ListBudget(NEW, "b", top=0)], POLICY)

    assert with_places(ranked, CITY) == {"a1", "a2", "a3"}


def test_of_whom_too_little_is_known_nobody_has_a_place_and_all_come_last() -> None:
    students = scored(
        [("x", "", NEW, 9.0), ("y", "", NEW, 1.0), ("z", "", NEW, 2.0)], unknown=frozenset("x")
    )

    ranked = rank_students(students, [ListBudget(NEW, top=3)], POLICY)

    assert [students.ids[place] for place in ranked.order] == ["z", "y", "x"]
    assert ranked.rank.tolist() == [3, 2, 1]
    assert with_places(ranked, students) == {"y", "z"}
    assert ranked.strata[0].ranked == 2


def test_the_cut_lies_between_the_last_within_and_the_first_beyond() -> None:
    (stratum,) = rank_students(many(10), [ListBudget(NEW, top=4)], POLICY).strata

    assert stratum.cut == pytest.approx(3.0 - 0.35)


def test_nobody_at_all_is_a_list_too() -> None:
    ranked = rank_students(scored([]), (), PromotionPolicy(alert_budget=0.3))

    assert len(ranked.order) == 0
    assert ranked.rooms == ()


@pytest.mark.parametrize(
    ("budget", "wrong"),
    [
        (ListBudget(NEW), "give either top or share"),
        (ListBudget(NEW, top=1, share=0.5), "give either top or share"),
        (ListBudget(NEW, top=-1), "top must be 0 to 1000000"),
        (ListBudget(NEW, share=0.0), "share must be more than 0 and at most 1"),
        (ListBudget(NEW, share=float("nan")), "share must be more than 0 and at most 1"),
        (ListBudget(NEW, share=1.0), ""),
        (ListBudget(NEW, top=0), ""),
    ],
)
def test_a_budget_says_one_thing(budget: ListBudget, wrong: str) -> None:
    assert wrong_in(budget) == wrong


def test_a_city_has_a_cut_in_each_lane_of_each_school() -> None:
    rng = np.random.default_rng(7)
    rows = [
        (f"s{n:06}", f"u{n % 200:03}", NEW if n % 3 else KNOWN, float(c))
        for n, c in enumerate(rng.normal(size=20_000))
    ]

    ranked = rank_students(scored(rows), [ListBudget(NEW, share=0.1)], POLICY)

    assert len(ranked.strata) == 400
    places = sum(one.within for one in ranked.rooms if one.lane is NEW)
    assert places == pytest.approx(1_333, abs=100)
