"""Whom a student is compared with: quartiles by period, worked out once in a while."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from api.cohorts.figures import KEPT, MOST_KEPT, Cohorts, figures
from database.driver.commands import Op
from database.students import SAMPLE_BLOCKS, StudentRepository
from model.student import Observation, Student
from tests.database.drivers import MongomockRegistry

NOW = datetime(2025, 3, 1, tzinfo=UTC)


def student(number: int, *, ida: float, unit: str = "a", periods: int = 1) -> Student:
    seen = Observation(f"S{number:03}", "2023", {"ida": ida, "pedra": "quartzo"}, NOW, unit=unit)
    return Student(
        seen.student_id,
        tuple(replace(seen, period=str(2023 + place)) for place in range(periods)),
    )


def test_each_period_has_the_quartiles_of_its_numbers() -> None:
    told = figures([student(n, ida=float(n), periods=2) for n in range(11)], None, NOW)

    assert [one.period for one in told.periods] == ["2023", "2024"]
    first = told.periods[0].features
    assert list(first) == ["ida"]
    assert (first["ida"].low, first["ida"].middle, first["ida"].high) == (2.5, 5.0, 7.5)


def test_of_fewer_than_ten_students_nothing_is_told_but_how_many() -> None:
    (period,) = figures([student(n, ida=1.0) for n in range(9)], None, NOW).periods

    assert (period.students, period.features) == (9, {})


def test_a_period_in_another_school_is_left_out() -> None:
    both = [student(n, ida=1.0, unit="a" if n else "b") for n in range(12)]

    assert figures(both, frozenset({"a"}), NOW).periods[0].students == 11


class Counting:
    """A registry that counts how often it is asked."""

    def __init__(self, registry: MongomockRegistry) -> None:
        self.asked = 0
        self._registry = registry

    async def run(self, op: Op[Any]) -> Any:
        self.asked += 1
        return self._registry.run(op)

    def hold(self, *seen: Observation) -> None:
        self._registry.run(StudentRepository().observe(seen))

    async def ping(self) -> None:
        """Is there."""


def test_the_figures_are_worked_out_anew_after_ten_minutes() -> None:
    registry = Counting(MongomockRegistry("little"))
    registry.hold(Observation("S1", "2023", {"ida": 1.0}, NOW))
    cohorts = Cohorts()

    async def ask() -> None:
        for later in (timedelta(), KEPT / 2, KEPT):
            await cohorts.of(registry, None, NOW + later)

    asyncio.run(ask())

    assert registry.asked == 2


def test_units_that_there_are_not_do_not_push_out_the_figures_of_others() -> None:
    registry = Counting(MongomockRegistry("little"))
    registry.hold(Observation("S1", "2023", {"ida": 1.0}, NOW, unit="a"))
    cohorts = Cohorts()

    async def ask() -> None:
        await cohorts.of(registry, None, NOW)
        for number in range(MOST_KEPT + 1):
            await cohorts.of(registry, frozenset({f"nowhere {number}"}), NOW)
        registry.asked = 0
        await cohorts.of(registry, None, NOW)

    asyncio.run(ask())

    assert registry.asked == 0


def test_a_sample_is_spread_over_all_ids_and_small_schools_are_read_whole() -> None:
    registry = MongomockRegistry("little")
    seen = [
        Observation(f"S{n:03}", "2023", {"ida": 1.0}, NOW, unit="a" if n % 2 else "b")
        for n in range(200)
    ]
    registry.run(StudentRepository().observe(seen))

    some = registry.run(StudentRepository().sample(SAMPLE_BLOCKS * 2))
    whole = registry.run(StudentRepository().sample(200))
    own = registry.run(StudentRepository().sample(200, units=["a"]))

    numbers = [int(one.student_id[1:]) for one in some]
    assert len(set(numbers)) == SAMPLE_BLOCKS * 2
    assert max(numbers) >= 175 and min(numbers) == 0
    assert (len(whole), len(own)) == (200, 100)
