"""How many calls a caller may make, by clocks of the test."""

from __future__ import annotations

import threading
import time
from itertools import takewhile

import pytest
from limits import parse

from api.limits import window
from api.limits.window import CallWindow


def of(rate: str) -> CallWindow:
    return CallWindow(parse(rate), time.time, time.monotonic)


def answered(calls: CallWindow, caller: str, tries: int = 10_000) -> int:
    """How many calls in a row are answered."""
    return len(list(takewhile(lambda wait: wait == 0, (calls.take(caller) for _ in range(tries)))))


@pytest.mark.parametrize("amount", [1, 7, 150, 2_000])
def test_so_many_calls_are_answered_and_then_the_wait_is_told(amount: int) -> None:
    calls = of(f"{amount}/10 minutes")

    assert answered(calls, "school") == amount
    assert 595 <= calls.take("school") <= 600


def test_a_caller_who_was_refused_is_answered_again_once_the_window_has_moved() -> None:
    calls = of("5/second")
    answered(calls, "school")

    time.sleep(1.05)

    assert answered(calls, "school") == 5


def test_what_one_caller_asks_takes_nothing_from_another() -> None:
    calls = of("5/minute")
    answered(calls, "runaway")

    assert answered(calls, "school") == 5


def test_a_clock_that_is_set_back_shuts_nobody_out() -> None:
    set_by = 0.0
    calls = CallWindow(parse("5/minute"), lambda: time.time() + set_by, time.monotonic)
    answered(calls, "school")

    set_by = -3_600.0

    assert calls.take("school") == 0


def test_more_callers_than_are_counted_one_by_one_are_counted_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(window, "MOST_CALLERS", 3)
    calls = of("5/minute")

    alone = [answered(calls, f"address {number}") for number in range(3)]
    together = sum(answered(calls, f"address {number}", 2) for number in range(3, 20))

    assert alone == [5, 5, 5]
    assert together == 5
    assert answered(calls, "address 1") == 0


def test_callers_who_come_no_more_are_forgotten() -> None:
    calls = of("5/second")
    for turn in range(4):
        for number in range(50):
            calls.take(f"address {turn} {number}")
        time.sleep(1.05)
        calls.take("school")  # At which the library empties what is over, in a thread.
        time.sleep(0.1)

    assert len(calls._storage.events) <= 2 * 51


def test_a_window_leaves_no_thread_behind() -> None:
    answered(of("50/minute"), "school")
    time.sleep(0.1)

    assert not [t for t in threading.enumerate() if isinstance(t, threading.Timer)]
