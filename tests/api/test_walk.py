"""A collection read in parts while others write to it: everything is told, and told once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from api.files import walk
from api.files.walk import walked
from database.driver.commands import Find, Op
from model.errors import RegistryUnavailable

Change = Callable[[list[str]], None]


class Shelf:
    """A registry of ids, which changes after the first part was read and is away now and then."""

    def __init__(self, ids: list[str], change: Change, away: int = 0) -> None:
        self._ids, self._change, self._away, self._reads = sorted(ids), change, away, 0

    async def run(self, op: Op[Any]) -> Any:
        asked = next(op)
        assert isinstance(asked, Find)
        if self._away:
            self._away -= 1
            raise RegistryUnavailable("away")
        found = self._ids[asked.skip : asked.skip + asked.limit]
        self._reads += 1
        if self._reads == 1:
            self._change(self._ids)
            self._ids.sort()
        return found

    async def ping(self) -> None:
        """Answers."""


def page(skip: int, limit: int) -> Op[list[str]]:
    found: list[str] = yield Find("ids", {}, skip=skip, limit=limit)
    return found


async def told(shelf: Shelf, tries: int = 1) -> list[str]:
    return [one async for part in walked(shelf, page, str, tries) for one in part]


IDS = [f"{i:03}" for i in range(0, 300, 2)]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "PART", 40)
    monkeypatch.setattr(walk, "OVERLAP", 10)
    monkeypatch.setattr(walk, "PAUSE", 0.001)


@pytest.mark.parametrize(
    "change",
    [
        lambda ids: None,
        lambda ids: ids.extend(f"{i:03}" for i in range(1, 60, 2)),
        lambda ids: ids.__delitem__(slice(0, 10)),
    ],
    ids=["quiet", "30 come before", "10 are erased before"],
)
def test_what_stays_is_told_once_whatever_comes_and_goes_meanwhile(change: Change) -> None:
    found = asyncio.run(told(Shelf(list(IDS), change)))

    assert [one for one in found if one in IDS] == IDS
    assert len(found) == len(set(found))


def test_a_part_is_asked_for_again_where_the_registry_is_away_for_a_moment() -> None:
    assert asyncio.run(told(Shelf(list(IDS), lambda _: None, away=2), tries=3)) == IDS
    with pytest.raises(RegistryUnavailable):
        asyncio.run(told(Shelf(list(IDS), lambda _: None, away=2), tries=2))
