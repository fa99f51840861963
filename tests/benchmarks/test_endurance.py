"""What the soak of everything at once calls a broken promise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.benchmarks.endurance import Course, Kept, broken_promises
from tests.benchmarks.paced import Paced

WELL = Paced({200: 110, 410: 5, 503: 3}, 100, 10, 0, 0, 0, 1.0, 9.0, ("a0",))
KEPT = Kept(100, 0, 0)
FLAT = (80.0, 90.0, 95.0)


def broken(found: Paced = WELL, kept: Kept = KEPT, killed: int = 0, end: float = 95.0) -> list[str]:
    course = Course(killed=killed, memory=[*FLAT, end])
    return broken_promises(found, course, kept, connections=32)


def test_held_back_and_erased_is_no_broken_promise() -> None:
    assert broken() == []


def test_what_a_killed_worker_took_along_may_be_stored_and_its_connections_broken() -> None:
    beyond, cut = replace(KEPT, stays=132), replace(WELL, sockets=32)

    assert broken(cut, beyond, killed=1) == []
    assert len(broken(cut, beyond)) == 2


@pytest.mark.parametrize(
    "found, kept, told",
    [
        (WELL, replace(KEPT, stays=99), "1 acknowledged predictions are not in the registry"),
        (WELL, replace(KEPT, stays=101), "1 predictions more than were acknowledged"),
        (replace(WELL, stays=0), replace(KEPT, stays=0), "not one prediction was acknowledged"),
        (WELL, replace(KEPT, missing=2), "2 of the sample are not in the registry"),
        (WELL, replace(KEPT, of_erased=1), "1 predictions of erased students"),
        (replace(WELL, wrong=1), KEPT, "1 scores that are not their version's"),
        (replace(WELL, bare=1), KEPT, "1 answers of 5xx that do not say when to try again"),
        (replace(WELL, statuses={200: 1, 500: 1}), KEPT, "answered [500]"),
        (replace(WELL, sockets=1), KEPT, "1 connections broke"),
    ],
)
def test_a_broken_promise_is_named(found: Paced, kept: Kept, told: str) -> None:
    assert broken(found, kept) == [told]


def test_memory_that_grows_is_named() -> None:
    assert broken(end=120.0) == ["the largest worker grew from 95 to 120 MiB"]
