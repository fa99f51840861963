"""What of a long list is kept in memory, and what a list says in both languages."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from api.champion import Champion
from api.ranked.kept import (
    FORGOTTEN_SECONDS,
    KEPT_FROM,
    MOST_KEPT,
    OLDEST_SECONDS,
    KeptList,
    KeptLists,
)
from api.ranked.reading import Whose
from model.errors import RegistryUnavailable
from preprocessing.lists.ranking import RankedStudents, rank_students
from preprocessing.task.policies import PromotionPolicy
from tests.lists.students import many


@dataclass(frozen=True, slots=True)
class Version:
    """As much of a champion as the kept lists look at."""

    version: str


@dataclass(slots=True)
class Source:
    """Where lists are read, and how often."""

    students: int = KEPT_FROM
    stamp: str = "one"
    reads: int = 0
    away: bool = False
    at: float = 0.0
    lists: KeptLists = field(init=False)

    def __post_init__(self) -> None:
        self.lists = KeptLists(clock=lambda: self.at)

    async def read(self) -> KeptList:
        if self.away:
            raise RegistryUnavailable("away")
        self.reads += 1
        champion = cast(Champion, Version("v1"))
        return KeptList(many(self.students), champion, (self.stamp,))

    def get(self, period: str = "2025") -> KeptList:
        return asyncio.run(self.lists.get(Whose(period, None), self.read))

    def look(self, version: str = "v1") -> int:
        return asyncio.run(self.lists.look((self.stamp,), version))


def test_a_short_list_is_read_whenever_it_is_asked_for() -> None:
    source = Source(students=KEPT_FROM - 1)

    source.get(), source.get()

    assert source.reads == 2
    assert source.lists.empty


def test_a_long_list_is_read_again_once_something_has_changed() -> None:
    source = Source()
    first = source.get()

    assert source.get() is first
    assert source.look() == 0
    source.stamp = "two"
    assert (source.look(), source.look(), source.reads) == (1, 0, 2)
    assert source.get().stamp == ("two",)
    assert source.look("v2") == 1


def test_a_list_is_read_again_after_ten_minutes_whatever_the_stamp_says() -> None:
    source = Source()
    source.get()

    source.at += OLDEST_SECONDS + 1

    assert (source.look(), source.look()) == (1, 0)


def test_what_cannot_be_read_stays_as_it_was() -> None:
    source = Source()
    first = source.get()
    source.stamp, source.away = "two", True

    with pytest.raises(RegistryUnavailable):
        source.look()

    assert source.get() is first


def test_few_lists_are_kept_and_those_that_nobody_asks_for_are_dropped() -> None:
    source = Source()
    for number in range(MOST_KEPT + 1):
        source.at = number
        source.get(str(2020 + number))
    assert source.reads == MOST_KEPT + 1
    source.get("2020")
    assert source.reads == MOST_KEPT + 2

    source.at += FORGOTTEN_SECONDS + 1
    source.look()

    assert source.lists.empty


def test_a_kept_list_is_ranked_once_for_the_same_budgets() -> None:
    source, whose, policy = Source(), Whose("2025", None), PromotionPolicy()
    kept = source.get()

    first = source.lists.rank(whose, kept, [], policy)

    assert source.lists.rank(whose, kept, [], policy) is first
    source.stamp = "two"
    source.look()
    assert source.lists.rank(whose, source.get(), [], policy) is not first


def test_a_list_that_changes_while_it_is_ranked_does_not_get_the_ranks_of_the_former(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, whose, policy = Source(), Whose("2025", None), PromotionPolicy()
    kept = source.get()

    def slow(*asked: Any) -> RankedStudents:
        ranked = rank_students(*asked)
        source.stamp, source.students = "two", KEPT_FROM + 1
        source.look()
        return ranked

    monkeypatch.setattr("api.ranked.kept.rank_students", slow)
    source.lists.rank(whose, kept, [], policy)

    assert len(source.lists.rank(whose, source.get(), [], policy).rank) == KEPT_FROM + 1


FOLDER = files("api.lists")
WORDS = yaml.safe_load((FOLDER / "words.yaml").read_text("utf-8"))


@pytest.mark.parametrize("key", WORDS)
def test_every_word_of_a_file_is_there_in_both_languages(key: str) -> None:
    both = WORDS[key]

    assert both.keys() == {"pt", "en"} and all(both.values())
    named = [sorted(part.split("}")[0] for part in told.split("{")[1:]) for told in both.values()]
    assert named[0] == named[1]


def test_no_word_is_left_over() -> None:
    code = "".join(
        Path(str(path)).read_text("utf-8")
        for pattern in ("*.py", "templates/*")
        for path in sorted(Path(str(FOLDER)).glob(pattern))
    )
    built = ("column.", "lane.", "status.", "done.")

    assert [key for key in WORDS if not key.startswith(built) and f'"{key}"' not in code] == []
