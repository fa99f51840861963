"""Leases: who holds one, until when, and what the one who was too late is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from database.driver.commands import Op
from database.indexes import ensure_indexes
from database.leases import LeaseRepository
from model.errors import LeaseHeld, LeaseLost
from tests.database.builders import START
from tests.database.drivers import MongomockRegistry

TTL = timedelta(minutes=5)
MOMENT = timedelta(milliseconds=1)


@pytest.fixture
def registry(db: str) -> MongomockRegistry:
    registry = MongomockRegistry(db)
    registry.run(ensure_indexes())
    return registry


def before_its_write(registry: MongomockRegistry, late: Op[Any], quicker: Op[Any]) -> Any:
    """Runs `late` up to its write, then all of `quicker`, then the rest."""
    write = late.send(registry.execute(next(late)))
    registry.run(quicker)
    try:
        while True:
            write = late.send(registry.execute(write))
    except StopIteration as stop:
        return stop.value


def test_the_first_lease_is_the_callers_until_it_expires(registry: MongomockRegistry) -> None:
    assert registry.run(LeaseRepository().find("retraining")) is None

    lease = registry.run(LeaseRepository().acquire("retraining", "a", now=START, ttl=TTL))

    assert (lease.name, lease.holder, lease.token) == ("retraining", "a", 1)
    assert lease.expires_at == START + TTL
    assert registry.run(LeaseRepository().find("retraining")) == lease


def test_a_lease_is_free_again_at_the_moment_it_expires(registry: MongomockRegistry) -> None:
    lease = registry.run(LeaseRepository().acquire("retraining", "a", now=START, ttl=TTL))

    registry.run(LeaseRepository().check(lease, START + TTL - MOMENT))
    with pytest.raises(LeaseHeld, match=r"retraining is held by a until 12:05:00 UTC"):
        registry.run(
            LeaseRepository().acquire("retraining", "b", now=START + TTL - MOMENT, ttl=TTL)
        )
    with pytest.raises(LeaseLost, match="retraining expired at 12:05:00 UTC"):
        registry.run(LeaseRepository().check(lease, START + TTL))

    assert (
        registry.run(LeaseRepository().acquire("retraining", "b", now=START + TTL, ttl=TTL)).token
        == 2
    )


def test_of_two_who_take_a_new_lease_at_once_the_later_is_told(
    registry: MongomockRegistry,
) -> None:
    mine = LeaseRepository().acquire("retraining", "a", now=START, ttl=TTL)
    theirs = LeaseRepository().acquire("retraining", "b", now=START, ttl=TTL)

    with pytest.raises(LeaseHeld, match="retraining was taken by somebody else at this moment"):
        before_its_write(registry, mine, theirs)

    held = registry.run(LeaseRepository().find("retraining"))
    assert held is not None
    assert (held.holder, held.token) == ("b", 1)


def test_of_two_who_take_an_expired_lease_at_once_the_later_is_told(
    registry: MongomockRegistry,
) -> None:
    registry.run(LeaseRepository().acquire("retraining", "old", now=START, ttl=TTL))
    mine = LeaseRepository().acquire("retraining", "a", now=START + TTL, ttl=TTL)
    theirs = LeaseRepository().acquire("retraining", "b", now=START + TTL, ttl=TTL)

    with pytest.raises(LeaseHeld):
        before_its_write(registry, mine, theirs)

    held = registry.run(LeaseRepository().find("retraining"))
    assert held is not None
    assert (held.holder, held.token) == ("b", 2)


def test_a_lease_that_is_taken_while_it_is_renewed_is_lost(registry: MongomockRegistry) -> None:
    lease = registry.run(LeaseRepository().acquire("retraining", "a", now=START, ttl=TTL))
    theirs = LeaseRepository().acquire("retraining", "b", now=START + TTL, ttl=TTL)

    with pytest.raises(LeaseLost, match="retraining was taken by somebody else"):
        before_its_write(registry, LeaseRepository().renew(lease, START, TTL), theirs)

    held = registry.run(LeaseRepository().find("retraining"))
    assert held is not None
    assert held.holder == "b"


def test_a_renewed_lease_keeps_its_token_and_lasts_from_now(registry: MongomockRegistry) -> None:
    lease = registry.run(LeaseRepository().acquire("retraining", "a", now=START, ttl=TTL))
    later = START + timedelta(minutes=4)

    longer = registry.run(LeaseRepository().renew(lease, later, TTL))

    assert (longer.holder, longer.token, longer.expires_at) == ("a", 1, later + TTL)
    assert registry.run(LeaseRepository().find("retraining")) == longer
    # Renewed again: the document's revision moves with each write.
    assert (
        registry.run(LeaseRepository().renew(longer, later, TTL * 2)).expires_at == later + TTL * 2
    )


def test_a_lease_given_back_is_free_at_once_and_its_token_grows_on(
    registry: MongomockRegistry,
) -> None:
    lease = registry.run(LeaseRepository().acquire("retraining", "a", now=START, ttl=TTL))

    registry.run(LeaseRepository().release(lease))

    freed = registry.run(LeaseRepository().find("retraining"))
    assert freed is not None
    assert (freed.token, freed.expires_at.year) == (1, 1970)
    assert registry.run(LeaseRepository().acquire("retraining", "b", now=START, ttl=TTL)).token == 2


def test_giving_back_a_lost_lease_leaves_it_with_its_new_holder(
    registry: MongomockRegistry,
) -> None:
    mine = registry.run(LeaseRepository().acquire("retraining", "a", now=START, ttl=TTL))
    theirs = registry.run(LeaseRepository().acquire("retraining", "b", now=START + TTL, ttl=TTL))

    registry.run(LeaseRepository().release(mine))

    assert registry.run(LeaseRepository().find("retraining")) == theirs


def test_a_lease_that_nobody_ever_took_is_nobodys(registry: MongomockRegistry) -> None:
    lease = registry.run(LeaseRepository().acquire("retraining", "a", now=START, ttl=TTL))
    empty = MongomockRegistry("another")

    empty.run(LeaseRepository().release(lease))
    for asked in (LeaseRepository().check(lease, START), LeaseRepository().check_token(lease)):
        with pytest.raises(LeaseLost, match="retraining was taken by somebody else"):
            empty.run(asked)
    assert empty.run(LeaseRepository().find("retraining")) is None


def test_the_token_decides_before_a_write_and_not_the_clock(registry: MongomockRegistry) -> None:
    lease = registry.run(LeaseRepository().acquire("retraining", "a", now=START, ttl=TTL))
    registry.run(LeaseRepository().check_token(lease))
    registry.run(LeaseRepository().acquire("retraining", "b", now=START + TTL, ttl=TTL))

    with pytest.raises(LeaseLost, match="retraining was taken by somebody else"):
        registry.run(LeaseRepository().check_token(lease))
    with pytest.raises(LeaseLost, match="retraining was taken by somebody else"):
        registry.run(LeaseRepository().check(lease, START))


def test_leases_of_different_names_do_not_meet(registry: MongomockRegistry) -> None:
    registry.run(LeaseRepository().acquire("retraining", "a", now=START, ttl=TTL))

    assert registry.run(LeaseRepository().acquire("worker", "b", now=START, ttl=TTL)).token == 1
