"""To-do lists, counts and indicators are pure functions of what was said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from model.helping.action import ActionKind
from model.helping.follow_up import by_person, follow_ups, not_looked_at
from model.helping.progress import IndicatorChange, progress_since
from model.helping.tally import HelpTally, KindTally, count_actions, count_help
from model.student import Observation
from tests.database.builders import at, observation
from tests.database.helping.builders import action, assignment, intervention


def test_a_day_that_came_is_to_be_done_by_who_looks_after_the_student() -> None:
    due = [
        action("1", "RA-1", next_on=date(2024, 4, 2)),
        action("2", "RA-2", next_on=date(2024, 4, 1)),
    ]

    found = follow_ups(due, {"RA-1": assignment("RA-1", "Bia")})

    assert [(one.student_id, one.person, one.next_on) for one in found] == [
        ("RA-2", "Ana", date(2024, 4, 1)), ("RA-1", "Bia", date(2024, 4, 2)),
    ]  # fmt: skip
    assert by_person(found) == {"Ana": 1, "Bia": 1}


def test_who_was_assigned_and_not_looked_at_since_waits() -> None:
    given = [assignment(f"RA-{n}", at=at(n)) for n in (3, 2, 1)]
    done = {
        "RA-1": [action("1", "RA-1", at(2))],
        "RA-2": [action("2", "RA-2", at(1))],
    }

    found = not_looked_at(given, done)

    assert [(one.student_id, one.last and one.last.action_id) for one in found] == [
        ("RA-2", "2"), ("RA-3", None),
    ]  # fmt: skip


def test_each_student_counts_once_by_unit_and_by_person() -> None:
    last = [
        action("1", "RA-1", kind=ActionKind.SEEN, unit="north", by="Ana"),
        action("2", "RA-2", kind=ActionKind.ACTED, unit="north", by="Bia"),
        action("3", "RA-3", kind=ActionKind.NOT_USEFUL, unit="", by="Bia"),
    ]

    found = count_actions(last)

    assert found.whole == KindTally(3, 1, 1, 1)
    assert found.units == {"": KindTally(1, 0, 0, 1), "north": KindTally(2, 1, 1, 0)}
    assert found.people == {"Ana": KindTally(1, 1, 0, 0), "Bia": KindTally(2, 0, 1, 1)}


def test_help_is_counted_by_kind_and_students_not_entries() -> None:
    given = [
        intervention("1", "RA-1", dose=2.0, end=date(2024, 3, 31)),
        intervention("2", "RA-1", dose=4.0),
        intervention("3", "RA-2", dose=None, end=date(2024, 4, 1)),
        intervention("4", "RA-2", kind="family", dose=None),
        intervention("5", "RA-3", start=date(2024, 9, 1), dose=None),
    ]

    assert count_help(given, date(2024, 4, 1)) == [
        HelpTally("tutoring", 3, 2, 2, 3.0), HelpTally("family", 1, 1, 0, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "periods"),
    [
        (date(2023, 1, 1), ("2022", "2024")),  # A year's record holds what the year came to.
        (date(2023, 12, 31), ("2022", "2024")),
        (date(2025, 1, 1), ("2024", None)),
        (date(2022, 5, 1), (None, "2024")),
    ],
)
def test_indicators_are_of_the_year_before_and_of_the_newest_since(
    start: date, periods: tuple[str | None, str | None]
) -> None:
    known = [observation(period=period) for period in ("2024", "2022", "2023")]

    found = progress_since(start, known)

    assert (found.before and found.before.period, found.after and found.after.period) == periods


def test_changes_are_of_numbers_that_both_records_hold() -> None:
    def seen(period: str, **features: float | str) -> Observation:
        return observation(period=period, features=features)

    records = [
        seen("2023", ida=5.0, ieg=7.0, pedra="agata"),
        seen("2024", ida=6.5, pedra="topazio"),
    ]

    assert progress_since(date(2024, 3, 1), records).changes == [
        IndicatorChange("ida", 5.0, 6.5, 1.5)
    ]
    assert progress_since(date(2025, 3, 1), records).changes == []


def test_periods_that_are_no_years_are_placed_by_when_they_were_observed() -> None:
    def seen(period: str, month: int) -> Observation:
        return replace(observation(period=period), observed_at=datetime(2024, month, 1, tzinfo=UTC))

    found = progress_since(date(2024, 5, 1), [seen("2024-1", 4), seen("2024-2", 7)])

    assert found.before and found.after
    assert (found.before.period, found.after.period) == ("2024-1", "2024-2")


def test_help_goes_on_from_its_first_to_its_last_day() -> None:
    given = intervention(start=date(2024, 3, 4), end=date(2024, 3, 6))

    days = [date(2024, 3, day) for day in (3, 4, 6, 7)]
    assert [given.goes_on(day) for day in days] == [False, True, True, False]
