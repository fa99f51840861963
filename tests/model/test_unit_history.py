"""What is kept of each unit period by period, and what a unit is called."""

from __future__ import annotations

from datetime import UTC, datetime

from model.units.history import (
    MOST_ROWS,
    Place,
    UnitHistory,
    UnitPeriod,
    UnitServed,
    unit_history,
    unit_periods,
)
from model.units.named import MOST_NAMED, UnitNames, listed, name_of, spellings

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = {"a": "Escola A", "b": "Escola B", "c": "Escola C"}


def served(**students: int) -> dict[Place, UnitServed]:
    """Of 2024, three predictions a student."""
    return {(unit, "2024"): UnitServed(3 * n, n) for unit, n in students.items()}


def test_the_newest_period_stands_first_and_its_units_in_order() -> None:
    labels = {(unit, period): 20 for unit in "ba" for period in ("2023", "2024")}

    rows = unit_periods({}, labels, NAMES)

    assert [(row.period, row.unit) for row in rows] == [
        ("2024", "Escola A"), ("2024", "Escola B"), ("2023", "Escola A"), ("2023", "Escola B")
    ]  # fmt: skip


def test_what_is_not_there_is_none_at_all_and_not_withheld() -> None:
    rows = unit_periods(served(a=20), {("b", "2024"): 30}, NAMES)

    assert rows == [
        UnitPeriod("Escola A", "2024", 60, 0, 20),
        UnitPeriod("Escola B", "2024", 0, 30, 0),
    ]


def test_predictions_of_fewer_than_ten_students_are_withheld_however_many_they_are() -> None:
    rows = unit_periods(served(a=9, b=40, c=30), {}, NAMES)

    # That of the smaller neighbour too: the nine would be the total minus the other two.
    assert [row.predictions for row in rows] == [None, 120, None]


def test_a_period_is_judged_by_itself() -> None:
    labels = {("a", "2023"): 4, ("b", "2023"): 6, ("a", "2024"): 25, ("b", "2024"): 35}

    rows = unit_periods({}, labels, NAMES)

    assert [row.labels for row in rows] == [25, 35, None, None]


def test_a_history_says_what_it_is_of_and_which_units_have_no_label_yet() -> None:
    counted = {("a", "2024"): UnitServed(40, 20), ("", "2024"): UnitServed(30, 15)}
    labels = {("b", "2023"): 12}

    found = unit_history("task", counted, labels, NAMES, column="escola", now=NOW, newest=500)

    assert found == UnitHistory(
        subject="task",
        at=NOW,
        column="escola",
        rows=(
            UnitPeriod("", "2024", 30, 0, 15),
            UnitPeriod("Escola A", "2024", 40, 0, 20),
            UnitPeriod("Escola B", "2023", 0, 12, 0),
        ),
        more=0,
        unlabelled=UnitNames(("Escola A", "Escola C")),
        newest=500,
    )


def test_a_unit_that_only_predictions_tell_of_is_known_too() -> None:
    found = unit_history("task", served(z=20), {}, {}, column="escola", now=NOW, newest=1)

    assert found.unlabelled == UnitNames(("z",))


def test_a_long_history_keeps_the_newest_and_counts_the_rest() -> None:
    labels = {(f"u{i:04}", "2024"): 20 for i in range(MOST_ROWS + 3)} | {("u", "2025"): 20}

    found = unit_history("task", {}, labels, {}, column="escola", now=NOW, newest=1)

    assert (len(found.rows), found.more) == (MOST_ROWS, 4)
    assert found.rows[0].period == "2025"
    fits = unit_history("t", {}, {("u", "2024"): 20}, {}, column="e", now=NOW, newest=1)
    assert fits.more == 0


def test_names_stand_in_order_each_once() -> None:
    assert listed(["b", "a", "b"]) == UnitNames(("a", "b"), 0)
    assert listed(str(i) for i in range(MOST_NAMED)).more == 0
    assert len(UnitNames(("a",), 2)) == 3


def test_a_unit_is_called_as_most_records_write_it_and_ties_go_by_name() -> None:
    seen = [
        ("a", {"escola": "a"}), ("a", {"escola": "A"}), ("a", {"escola": "A"}),
        ("b", {"escola": "b"}), ("b", {"escola": "B"}), ("c", {"turma": "1"}),
        ("", {"escola": "x"}),
    ]  # fmt: skip

    assert spellings("escola", seen) == {"a": "A", "b": "B", "c": "c"}
    assert (name_of("a", NAMES), name_of("z", NAMES)) == ("Escola A", "z")
