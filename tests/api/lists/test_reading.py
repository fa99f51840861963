"""Who is read for a list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from api.erased import ErasedStudents
from api.lists.view import gone
from api.objections.objecting import ObjectingStudents
from api.ranked.reading import Whose, read_students
from api.ranked.shared import SharedLists
from api.services import Services
from database.erasing import erasure
from database.rights.objections import ObjectionRepository
from database.students import StudentRepository
from model.trust.tombstone import TombstoneKey
from tests.api.known.served import Served
from tests.api.lists.test_shared import STAMP, STUDENTS, WHOSE
from tests.api.test_answers import PEDE, champion
from tests.database.builders import at, observation
from tests.database.rights.builders import objection

KEY = TombstoneKey(b"a data key")


def test_who_objects_is_left_out_and_who_is_being_erased_before_the_records_are_gone(
    tmp_path: Path,
) -> None:
    served = Served()
    served.kept.run(StudentRepository().observe([observation(f"RA-{i}") for i in range(3)]))
    erased = ErasedStudents(served, KEY)
    served.kept.run(ObjectionRepository().lay(objection("RA-0")))
    served.kept.run(erasure.begin("RA-1", now=at(1), tombstone_key=KEY))

    async def listed() -> list[str]:
        await erased.read()
        whose, who = Whose("2023", None), champion(tmp_path)
        found, _ = await read_students(served, who, PEDE, whose, erased, newest=True)
        return list(found.ids)

    assert asyncio.run(listed()) == ["RA-2"]


@pytest.mark.parametrize(
    "leaves",
    [
        lambda served: served.kept.run(ObjectionRepository().lay(objection("RA-1"))),
        lambda served: served.kept.run(erasure.begin("RA-1", now=at(1), tombstone_key=KEY)),
    ],
    ids=["objection", "erasure"],
)
def test_no_file_stays_that_was_written_before_a_worker_knew_who_leaves(
    tmp_path: Path, leaves: Callable[[Served], None]
) -> None:
    served, lists = Served(), SharedLists(tmp_path)
    served.kept.run(StudentRepository().observe([observation("RA-1")]))
    known = (ErasedStudents(served, KEY), ObjectingStudents(served))
    here = cast(Services, SimpleNamespace(erased=known[0], objections=known[1]))

    async def look() -> None:
        for one in known:
            await one.read()
        lists.sweep(gone(here))

    asyncio.run(look())
    leaves(served)
    lists.store(WHOSE, gone(here), STAMP, STUDENTS)
    asyncio.run(look())

    assert list(tmp_path.glob("*.npz")) == []
