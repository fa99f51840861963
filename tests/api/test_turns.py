"""What a loop tells of turns that fail: once in the log, and until one succeeds to `/health`."""

from __future__ import annotations

import errno
import logging

import pytest

from api.background import Turns
from model.errors import AccessDenied, RegistryUnavailable


def fail(turns: Turns, error: Exception) -> str:
    """The fault after a turn that ended so."""
    with turns.turn():
        raise error
    return turns.fault


def test_what_the_disk_or_the_registry_refuses_is_a_fault_until_a_turn_succeeds() -> None:
    turns = Turns("metrics are old")

    assert fail(turns, OSError(errno.ENOSPC, "No space left", "/home/x")) == (
        "metrics are old: No space left"
    )
    assert fail(turns, AccessDenied("not allowed")) == "metrics are old: not allowed"
    with turns.turn():
        pass
    assert turns.fault == ""


def test_a_registry_that_is_away_is_no_fault_of_the_loop() -> None:
    turns = Turns("metrics are old")
    fail(turns, OSError(errno.ENOSPC, "No space left"))

    assert fail(turns, RegistryUnavailable("nobody answers")) == ""


def test_each_reason_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    turns = Turns("metrics are old")

    with caplog.at_level(logging.WARNING):
        for error in ("away", "away", "refused", "refused"):
            fail(turns, RegistryUnavailable(error))

    assert caplog.messages == ["metrics are old: away", "metrics are old: refused"]


def test_what_nobody_foresaw_ends_the_loop_and_is_told_by_its_kind_alone() -> None:
    turns = Turns("metrics are old")

    with pytest.raises(ValueError, match="RA-1"):
        fail(turns, ValueError("the student RA-1"))

    assert turns.fault == "metrics are old: ValueError"
