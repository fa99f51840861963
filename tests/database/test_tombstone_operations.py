"""What a tombstone holds, and how much is read to find it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from database.driver.commands import Count, Document, Find, Op
from database.driver.paging import PART
from database.tombstones import FEW, TombstoneRepository
from model.trust.tombstone import TombstoneKey
from tests.database.builders import at
from tests.database.drivers import MongomockRegistry

KEY = TombstoneKey(b"a data key")


@pytest.fixture
def registry() -> MongomockRegistry:
    return MongomockRegistry("farol")


def stored() -> Op[list[Document]]:
    found: list[Document] = yield Find("tombstones", {}, sort=[("_id", 1)])
    return found


def test_a_tombstone_holds_a_digest_and_its_first_moment_to_the_millisecond(
    registry: MongomockRegistry,
) -> None:
    registry.run(
        TombstoneRepository().lay(["b", "a", "b"], at=at(1) + timedelta(microseconds=2999))
    )
    registry.run(TombstoneRepository().lay(["a", "c"], at=at(2)))

    first = at(1) + timedelta(milliseconds=2)
    assert registry.run(stored()) == [
        {"_id": "a", "at": first}, {"_id": "b", "at": first}, {"_id": "c", "at": at(2)},
    ]  # fmt: skip


def test_tombstones_are_found_among_more_digests_than_one_message_holds(
    registry: MongomockRegistry,
) -> None:
    laid = [f"{number:05}" for number in range(2 * PART + 1)]
    registry.run(TombstoneRepository().lay(laid, at=at(1)))
    registry.asked.clear()

    assert registry.run(TombstoneRepository().among([*laid, "nobody"])) == set(laid)

    sizes = [len(find.where["_id"]["$in"]) for find in registry.finds()]
    assert sizes == [PART, PART, 2]
    assert registry.run(TombstoneRepository().all()) == frozenset(laid)
    # Of all of them the digests are read, not their moments.
    assert registry.finds()[-1].fields == ["_id"]


def test_the_state_is_the_number_and_the_newest_and_reads_one_tombstone(
    registry: MongomockRegistry,
) -> None:
    assert registry.run(TombstoneRepository().state()) == (0, "")
    for digest, day in (("a", 1), ("m", 3), ("d", 3), ("z", 2)):
        registry.run(TombstoneRepository().lay([digest], at=at(day)))
    registry.asked.clear()

    # Of two laid in one millisecond it is always the same one.
    assert registry.run(TombstoneRepository().state()) == (4, "d")

    count, find = registry.asked
    assert count == Count("tombstones", {})
    assert isinstance(find, Find)
    assert find.limit == 1


def test_the_state_changes_when_a_tombstone_is_laid_and_when_one_is_lifted(
    registry: MongomockRegistry,
) -> None:
    registry.run(TombstoneRepository().lay(["a"], at=at(1)))
    registry.run(TombstoneRepository().lay(["b"], at=at(2)))

    assert registry.run(TombstoneRepository().state()) == (2, "b")
    assert registry.run(TombstoneRepository().lift("b"))
    assert not registry.run(TombstoneRepository().lift("b"))
    assert registry.run(TombstoneRepository().state()) == (1, "a")
    assert registry.run(TombstoneRepository().all()) == {"a"}


@pytest.mark.parametrize("laid", [0, 1, FEW, FEW + 1])
@pytest.mark.parametrize("asked", [1, FEW, FEW + 1, PART + 1])
def test_who_was_erased_is_told_however_many_are_asked_about_and_however_many_were(
    registry: MongomockRegistry, laid: int, asked: int
) -> None:
    erased = [f"erased {number}" for number in range(laid)]
    registry.run(TombstoneRepository().lay(map(KEY.of, erased), at=at(1)))
    subjects = [*erased[-1:], *(f"RA-{number}" for number in range(asked))]

    found = registry.run(TombstoneRepository().erased(iter(subjects), KEY))

    assert found == {*erased[-1:]}


def test_few_tombstones_are_read_whole_and_never_asked_for_one_by_one(
    registry: MongomockRegistry,
) -> None:
    registry.run(TombstoneRepository().erased(map(str, range(FEW + 1)), KEY))

    assert registry.asked == [Find("tombstones", {}, limit=FEW + 1, fields=["_id"])]
