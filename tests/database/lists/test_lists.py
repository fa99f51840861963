"""Published lists and budgets are kept as they were said, and found by whom they are about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from database.lists.budgets import BudgetRepository
from database.lists.published import (
    ListedRowRepository,
    PublishedListRepository,
    newest_rooms,
)
from database.students import PeriodRepository
from model.errors import Conflict, NotFound
from model.lists.budget import SUBJECT, BudgetSettings
from model.lists.published import Lane, ListBudget
from tests.database.builders import START, at
from tests.database.drivers import Run
from tests.database.lists.builders import list_kept, listed, published

LISTS, ROWS, BUDGETS = PublishedListRepository(), ListedRowRepository(), BudgetRepository()


def test_the_latest_list_of_a_period_is_the_one_whose_rows_are_all_there(run: Run) -> None:
    run(list_kept(published("l1", at=at(1))))
    run(list_kept(published("l2", at=at(2))))
    run(list_kept(published("other", period="2022", at=at(5))))
    run(LISTS.announce(published("begun", at=at(3))))

    latest = run(LISTS.latest("2023"))

    assert latest == replace(published("l2", at=at(2)), complete=True)
    assert run(LISTS.latest("2019")) is None
    for number in range(12):
        run(LISTS.announce(published(f"died{number}", at=at(4 + number / 100))))
    assert run(LISTS.latest("2023")) == latest
    assert run(LISTS.published("l2")) == latest
    with pytest.raises(NotFound):
        run(LISTS.published("begun"))
    assert run(LISTS.abandoned(at(2.5))) == []
    assert run(LISTS.abandoned(at(4))) == ["begun"]


def test_a_list_is_announced_once(run: Run) -> None:
    run(LISTS.announce(published("l1")))

    with pytest.raises(Conflict):
        run(LISTS.announce(published("l1", band=0.2, seed=8)))

    assert run(LISTS.get("l1")).band == 0.0


def test_rows_are_found_by_list_by_student_and_by_both(run: Run) -> None:
    rows = [
        listed("l1", "a", rank=2, lane=Lane.NEW),
        listed("l1", "b", rank=1, lane=Lane.NEW),
        listed("l1", "c", rank=1, lane=Lane.KNOWN, unit="south", listed=False),
    ]
    run(list_kept(published("l1"), rows))
    run(list_kept(published("l2"), [listed("l2", "a", rank=9)]))

    assert sorted(run(ROWS.of_list("l1")), key=lambda row: row.student_id) == rows
    assert {row.list_id: row.rank for row in run(ROWS.of_student("a"))} == {"l1": 2, "l2": 9}
    assert run(ROWS.of_students("l1", ["a", "c", "nobody"])) == {"a": rows[0], "c": rows[2]}
    assert [row.student_id for row in run(ROWS.page("l1", skip=0, limit=2))] == ["b", "a"]
    assert run(ROWS.page("l1", units={"south"}, skip=0, limit=5)) == [rows[2]]


def test_what_a_draw_said_is_found_without_reading_the_list(run: Run) -> None:
    draft = published("l1", band=0.5, places=(("new:north", 1),))
    drawn = [
        listed("l1", "a", stratum="new:north", won=True),
        listed("l1", "b", stratum="new:north", won=False, listed=False),
        listed("l1", "c"),
    ]
    run(list_kept(draft, drawn))
    run(list_kept(published("l2"), [listed("l2", "a", stratum="new:north", won=False)]))

    assert run(ROWS.drawn(draft)) == {"a": True, "b": False}
    assert run(ROWS.drawn(draft, {"south"})) == {}


def test_a_removed_list_leaves_no_row(run: Run) -> None:
    run(list_kept(published("l1"), [listed("l1", "a")]))
    run(list_kept(published("l2"), [listed("l2", "a")]))

    assert run(LISTS.remove(["l1"])) == 1

    assert [row.list_id for row in run(ROWS.of_student("a"))] == ["l2"]


def test_the_newest_rooms_are_those_of_the_newest_period_that_has_a_list(run: Run) -> None:
    assert run(newest_rooms()) == ()
    run(PeriodRepository().add_many(["2022", "2023", "2024"]))
    run(list_kept(published("l1", "2023", START)))

    assert run(newest_rooms()) == published().lanes


def test_of_two_who_change_budgets_at_once_one_is_told(run: Run) -> None:
    one = BudgetSettings(SUBJECT, (ListBudget(Lane.NEW, top=5),), START, "Ana")
    assert run(BUDGETS.all()) == []

    run(BUDGETS.put(one))
    run(BUDGETS.put(replace(one, budgets=(ListBudget(Lane.NEW, share=0.5),), revision=1)))
    with pytest.raises(Conflict):
        run(BUDGETS.put(replace(one, by="Rui", revision=1)))

    assert run(BUDGETS.all()) == [ListBudget(Lane.NEW, share=0.5)]
