"""What a worker knows without asking: read anew where it changed, and told of where it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from api.erased import ErasedStudents
from api.known.followed import Followed
from api.objections.objecting import ObjectingStudents
from database.rights.objections import ObjectionRepository
from database.tombstones import TombstoneRepository
from model.errors import ErasedStudent, ObjectingStudent
from model.trust.tombstone import TombstoneKey
from tests.api.known.served import Served
from tests.database.builders import at
from tests.database.rights.builders import objection

KEY = TombstoneKey(b"a data key")


@pytest.fixture
def served() -> Served:
    return Served()


def erase(served: Served) -> None:
    served.kept.run(TombstoneRepository().lay([KEY.of("RA-1")], at=at(1)))


def object_(served: Served) -> None:
    served.kept.run(ObjectionRepository().lay(objection("RA-1")))


@pytest.mark.parametrize(
    ("followed", "begin", "refusal"),
    [
        (lambda served: ErasedStudents(served, KEY), erase, ErasedStudent),
        (ObjectingStudents, object_, ObjectingStudent),
    ],
    ids=["erased", "objecting"],
)
def test_who_is_there_is_refused_from_the_next_reading(
    served: Served,
    followed: Callable[[Served], ErasedStudents | ObjectingStudents],
    begin: Callable[[Served], None],
    refusal: type[Exception],
) -> None:
    known = followed(served)
    asyncio.run(known.read())
    before = known.state
    begin(served)
    known.check("RA-1")

    asyncio.run(known.read())

    assert (known.state != before, known.nobody) == (True, False)
    assert "RA-1" in known and "RA-2" not in known
    known.check("RA-2")
    known.check(None)
    with pytest.raises(refusal):
        known.check("RA-1")


def test_a_reading_that_began_before_does_not_undo_the_next_one(served: Served) -> None:
    known = ObjectingStudents(served)

    async def both() -> None:
        served.held = held = asyncio.Event()
        first = asyncio.create_task(known.read())
        await asyncio.sleep(0)
        object_(served)
        second = asyncio.create_task(known.read())
        await asyncio.sleep(0)
        held.set()
        await asyncio.gather(first, second)

    asyncio.run(both())

    assert "RA-1" in known


def test_what_cannot_be_followed_is_a_fault_until_it_can(served: Served) -> None:
    known: Followed = ObjectingStudents(served)

    async def turn() -> str:
        following = asyncio.create_task(known.follow())
        await asyncio.sleep(0)
        following.cancel()
        return known.turns.fault

    served.refuses = True
    assert asyncio.run(turn()) == "objections are followed no further: not allowed"
    served.refuses = False
    assert asyncio.run(turn()) == ""
