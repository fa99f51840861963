"""The kinds of rules that say what follows from a changed key; `changes` has one for every key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from preprocessing.task.columns import Column, Derived, Spec
from preprocessing.task.spelling import fold

SHOWN = 60
"""Characters of a value that a sentence repeats."""


class Consequence(StrEnum):
    """What follows from a change."""

    COMPARABLE = "comparable"
    NEW_CHAMPION = "new champion"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Change:
    """One change, in words, and what follows from it."""

    consequence: Consequence
    told: str


Rule = Callable[[str, Any, Any], Iterable[Change]]
"""Where a value stands, the value before and after; gives the changes."""


@dataclass(frozen=True, slots=True)
class RulesOf:
    """The rules of one part of a task; itself a rule, for two parts that are both there.

    Attributes:
        kind: the part.
        rules: a rule for each of its keys.
    """

    kind: type[Spec]
    rules: Mapping[str, Rule]

    def __call__(self, where: str, before: Spec, after: Spec) -> Iterator[Change]:
        """The changes of each key."""
        for field, rule in self.rules.items():
            was, now = getattr(before, field), getattr(after, field)
            if was != now:
                yield from rule(_under(where, _key(self.kind, field)), was, now)


@dataclass(frozen=True, slots=True)
class Always:
    """Any change of the value has that consequence."""

    consequence: Consequence

    def __call__(self, where: str, before: object, after: object) -> Iterator[Change]:
        """The one change."""
        yield Change(self.consequence, f"{where}: {_shown(before)} becomes {_shown(after)}")


@dataclass(frozen=True, slots=True)
class Bound:
    """A wider bound refuses nothing that was accepted; a narrower one does.

    Attributes:
        sign: 1 for an upper bound, -1 for a lower one.
    """

    sign: int

    def __call__(self, where: str, before: float | None, after: float | None) -> Iterator[Change]:
        """The one change."""
        wider = after is None or (before is not None and self.sign * (after - before) > 0)
        kind = Consequence.COMPARABLE if wider else Consequence.NEW_CHAMPION
        yield Change(kind, f"{where}: {_shown(before)} becomes {_shown(after)}")


@dataclass(frozen=True, slots=True)
class Named:
    """Parts that are known by their names; their order means nothing.

    Attributes:
        part: the rules for one that is there before and after.
        listed: what follows from one that is added or removed.
    """

    part: RulesOf
    listed: Consequence

    def __call__(
        self, where: str, before: Sequence[Column | Derived], after: Sequence[Column | Derived]
    ) -> Iterator[Change]:
        """The changes of each, and of the list."""
        was, now = ({one.name: one for one in side} for side in (before, after))
        yield from (Change(self.listed, f"{where}.{n}: removed") for n in was if n not in now)
        yield from (Change(self.listed, f"{where}.{n}: added") for n in now if n not in was)
        for name in (n for n in was if n in now):
            yield from self.part(f"{where}.{name}", was[name], now[name])
        if list(was) != list(now) and was.keys() == now.keys():
            yield Change(Consequence.COMPARABLE, f"{where}: in another order")


@dataclass(frozen=True, slots=True)
class CategoryLists:
    """Another spelling of a category is read as the same; other categories are not.

    Attributes:
        listed: what follows from a category that is added or removed.
        moved: what follows from a spelling that means another one.
    """

    listed: Consequence
    moved: Consequence

    def __call__(
        self, where: str, before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]
    ) -> Iterator[Change]:
        """The changes of each category."""
        yield from (Change(self.listed, f"{where}.{n}: removed") for n in before if n not in after)
        yield from (Change(self.listed, f"{where}.{n}: added") for n in after if n not in before)
        was, now = _meanings(before), _meanings(after)
        for spelling in sorted(was.keys() & now.keys()):
            if was[spelling] != now[spelling]:
                told = f"{spelling!r} meant {was[spelling]} and now means {now[spelling]}"
                yield Change(self.moved, f"{where}: {told}")
        for name in (n for n in before if n in after):
            if set(map(fold, before[name])) != set(map(fold, after[name])):
                yield Change(Consequence.COMPARABLE, f"{where}.{name}: other spellings")


def _key(kind: type[Spec], field: str) -> str:
    """The key as the YAML file writes it."""
    return kind.model_fields[field].alias or field


def _under(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _shown(value: object) -> str:
    text = "not given" if value is None else _plain(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def _plain(value: object) -> str:
    return str(value.model_dump(exclude_defaults=True)) if isinstance(value, Spec) else repr(value)


def _meanings(categories: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {
        fold(spelling): category
        for category, spellings in categories.items()
        for spelling in (category, *spellings)
    }
