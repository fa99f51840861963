"""The lottery at the margin: who takes part, who wins, and that anybody can draw it again."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.lists.published import Lane, ListBudget, ListedRow, PublishedList
from preprocessing.lists.draw import band_around, winners
from preprocessing.lists.publishing import Lottery, Occasion, announced, rows_of
from preprocessing.lists.ranking import rank_students
from preprocessing.lists.scoring import ScoredStudents
from preprocessing.task.policies import PromotionPolicy
from tests.lists.students import many, scored

NOW = datetime(2026, 3, 2, tzinfo=UTC)
BUDGETS = (ListBudget(Lane.NEW, top=10),)


def publish(
    students: ScoredStudents, lottery: Lottery | None, list_id: str = "l1"
) -> tuple[PublishedList, list[ListedRow]]:
    ranked = rank_students(students, BUDGETS, PromotionPolicy())
    occasion = Occasion(list_id, "2025", "v3", NOW, "Ana")
    draft = announced(occasion, students, ranked, BUDGETS, lottery)
    return draft, list(rows_of(draft, students, ranked))


def test_without_a_lottery_places_go_by_rank() -> None:
    draft, rows = publish(many(30), None)

    assert (draft.band, draft.seed, draft.places, draft.students) == (0.0, 0, (), 30)
    assert [row.rank for row in rows if row.listed] == list(range(1, 11))
    assert {(row.stratum, row.won) for row in rows} == {("", None)}


def test_only_the_band_around_the_cut_is_drawn_and_as_many_have_places_as_before() -> None:
    draft, rows = publish(many(30), Lottery(0.3, 11))

    drawn = [row for row in rows if row.won is not None]
    assert [row.rank for row in drawn] == list(range(8, 14))
    assert draft.places == (("new:", 3),)
    assert sum(row.won is True for row in drawn) == 3
    assert all(row.listed for row in rows if row.rank < 8)
    assert not any(row.listed for row in rows if row.rank > 13)
    assert all(row.listed == row.won for row in drawn)
    assert sum(row.listed for row in rows) == 10


def test_the_record_alone_says_who_wins() -> None:
    """What is published before the draw, and who stood where, give the draw again."""
    draft, rows = publish(many(30), Lottery(0.5, 12345))

    for stratum, places in draft.places:
        taking = [row.student_id for row in rows if row.stratum == stratum]
        again = winners(draft.list_id, draft.seed, stratum, taking[::-1], places)
        assert again == {row.student_id for row in rows if row.stratum == stratum and row.won}


@pytest.mark.parametrize("change", [{"list_id": "l2"}, {"seed": 12}])
def test_another_list_or_another_seed_is_another_draw(change: dict[str, object]) -> None:
    draft, rows = publish(many(60), Lottery(1.0, 11))
    taking = [row.student_id for row in rows if row.stratum]
    other = replace(draft, **change)  # type: ignore[arg-type]

    (one, places), *_ = draft.places
    assert winners(draft.list_id, draft.seed, one, taking, places) != winners(
        other.list_id, other.seed, one, taking, places
    )


def test_everybody_in_the_band_wins_equally_often() -> None:
    wins: Counter[str] = Counter()
    draws = 2_000
    for seed in range(draws):
        wins.update(winners("l1", seed, "new:", [f"s{n}" for n in range(6)], 2))

    share = np.array([wins[f"s{n}"] / draws for n in range(6)])
    assert np.abs(share - 1 / 3).max() < 4 * np.sqrt(2 / 9 / draws)


def test_who_is_equal_to_somebody_in_the_band_is_in_it_too() -> None:
    equals = scored([(f"s{n}", "", Lane.NEW, 2.0 if n < 8 else 1.0) for n in range(20)])

    draft, rows = publish(equals, Lottery(0.1, 3))

    assert [row.rank for row in rows if row.stratum] == list(range(9, 21))
    assert draft.places == (("new:", 2),)


def test_where_everybody_has_a_place_nothing_is_drawn() -> None:
    draft, rows = publish(many(8), Lottery(0.5, 3))

    assert draft.places == ()
    assert all(row.listed and row.won is None for row in rows)


def test_a_margin_is_positive_within_the_cut_and_negative_beyond_it() -> None:
    _, rows = publish(many(30), None)

    assert all((row.margin > 0) == row.listed for row in rows)
    assert min(abs(row.margin) for row in rows) == pytest.approx(0.05)


def test_of_whom_too_little_is_known_there_is_no_row() -> None:
    students = scored(
        [("x", "", Lane.NEW, 9.0), ("y", "", Lane.NEW, 1.0)], unknown=frozenset({"x"})
    )

    draft, rows = publish(students, None)

    assert [row.student_id for row in rows] == ["y"]
    assert draft.students == 1
    assert draft.lanes[0].students == 2


@given(
    concern=st.lists(st.integers(-5, 5), min_size=1, max_size=40),
    places=st.integers(0, 45),
    band=st.floats(0, 1),
)
def test_a_band_gives_away_exactly_the_places_there_are(
    concern: list[int], places: int, band: float
) -> None:
    ordered = np.array(sorted(concern, reverse=True), dtype=np.float64)

    found = band_around(ordered, places, band)

    if found.empty:
        return
    assert found.first + found.places == places
    assert 0 <= found.first < places < found.last <= len(ordered)
    before, after = ordered[: found.first], ordered[found.last :]
    inside = ordered[found.first : found.last]
    assert not len(before) or before.min() > inside.max()
    assert not len(after) or after.max() < inside.min()
