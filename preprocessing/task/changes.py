"""What a changed TaskSpec means for what was recorded and trained under the former one.

Every key has one consequence, and it is declared here: a change of it may leave everything
comparable, may need a new first champion, or may be refused because what is recorded would mean
something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from preprocessing.task.columns import (
    FOR_PEOPLE,
    Column,
    Derived,
    IdColumn,
    OutcomeRule,
    Spec,
)
from preprocessing.task.notices import NoticePolicy
from preprocessing.task.policies import (
    LeakagePolicy,
    PromotionPolicy,
    RetentionPolicy,
    Schedule,
    StatusPolicy,
    TrainingPolicy,
    WatchPolicy,
)
from preprocessing.task.spec import TaskSpec
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


@dataclass(frozen=True, slots=True)
class TaskChanges:
    """What differs between two TaskSpecs, as sentences that name the key.

    Attributes:
        comparable: what leaves records and champion as good as they were.
        new_champion: what the present champion cannot serve, or was not trained for.
        refused: what would give another meaning to what is recorded.
    """

    comparable: tuple[str, ...] = ()
    new_champion: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """Every sentence, the gravest first."""
        return (*self.refused, *self.new_champion, *self.comparable)


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


def _integer(where: str, before: bool, after: bool) -> Iterator[Change]:
    """Whole numbers alone are narrower than all numbers."""
    yield from Bound(1)(where, float(not before), float(not after))


def _namespace(where: str, before: str | None, after: str | None) -> Iterator[Change]:
    """A first register joins what was apart; another, or none, takes apart what was joined."""
    kind = Consequence.COMPARABLE if before is None else Consequence.REFUSED
    yield from Always(kind)(where, before, after)


def _unit_categories(
    where: str, before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]
) -> Iterator[Change]:
    """A school may come or go; a list where there was none gives the recorded ones other names."""
    if before and after:
        yield from CategoryLists(Consequence.COMPARABLE, Consequence.REFUSED)(where, before, after)
    else:
        yield from REFUSED(where, before or None, after or None)


def _units(where: str, before: Sequence[Column], after: Sequence[Column]) -> Iterator[Change]:
    """Access and the join of labels go by the first unit, so that one stays what it is."""
    if before and (not after or after[0].name != before[0].name):
        now = after[0].name if after else None
        yield from REFUSED(f"{where}: the first one", before[0].name, now)
    yield from UNITS(where, before, after)


COMPARABLE = Always(Consequence.COMPARABLE)
NEW_CHAMPION = Always(Consequence.NEW_CHAMPION)
REFUSED = Always(Consequence.REFUSED)


def free(kind: type[Spec]) -> RulesOf:
    """The rules of a part that may be changed at will."""
    return RulesOf(kind, dict.fromkeys(kind.model_fields, COMPARABLE))


WORDS: Mapping[str, Rule] = {
    "aliases": COMPARABLE,
    "over_periods": COMPARABLE,
    **dict.fromkeys(FOR_PEOPLE, COMPARABLE),
    "names": COMPARABLE,
    "names_pt": COMPARABLE,
}
BOUNDS: Mapping[str, Rule] = {"low": Bound(-1), "high": Bound(1), "integer": _integer}

FEATURE = RulesOf(
    Column,
    {
        **WORDS,
        **BOUNDS,
        "name": REFUSED,
        "kind": REFUSED,
        "categories": CategoryLists(Consequence.NEW_CHAMPION, Consequence.NEW_CHAMPION),
        "reader": NEW_CHAMPION,
        "monotone": COMPARABLE,
    },
)
OUTCOME_COLUMN = RulesOf(
    Column,
    {
        **WORDS,
        **BOUNDS,
        "name": REFUSED,
        "kind": REFUSED,
        "categories": CategoryLists(Consequence.REFUSED, Consequence.REFUSED),
        "reader": REFUSED,
        "monotone": COMPARABLE,
    },
)
OUTCOME = RulesOf(
    OutcomeRule,
    {
        "column": OUTCOME_COLUMN,
        "horizon": REFUSED,
        "kind": REFUSED,
        "below": REFUSED,
        "at_least": REFUSED,
        "positive": REFUSED,
        "negative": REFUSED,
        "persistence": COMPARABLE,
        "description": COMPARABLE,
    },
)
UNIT = RulesOf(Column, {**free(Column).rules, "kind": REFUSED, "categories": _unit_categories})
UNITS = Named(UNIT, Consequence.COMPARABLE)
ID = RulesOf(
    IdColumn,
    {
        **free(Column).rules,  # An id is read as text, whatever they say.
        "namespace": _namespace,
        "unique_within": REFUSED,
    },
)
DERIVED = RulesOf(
    Derived,
    {
        "name": NEW_CHAMPION,
        "formula": NEW_CHAMPION,
        "monotone": COMPARABLE,
        "label": COMPARABLE,
        "label_pt": COMPARABLE,
        "description": COMPARABLE,
        "description_pt": COMPARABLE,
    },
)
STATUS = RulesOf(
    StatusPolicy,
    {
        "critical_precision": COMPARABLE,
        "min_known_weight": COMPARABLE,
        "concern": NEW_CHAMPION,
        "alert": COMPARABLE,
        "critical": COMPARABLE,
        "interval": COMPARABLE,
    },
)
TASK = RulesOf(
    TaskSpec,
    {
        "name": REFUSED,
        "title": COMPARABLE,
        "title_pt": COMPARABLE,
        "description": COMPARABLE,
        "id": ID,
        "unit": _units,
        "number_rows": REFUSED,
        "period": COMPARABLE,
        "periods": REFUSED,
        "reported": Named(FEATURE, Consequence.NEW_CHAMPION),
        "longitudinal": NEW_CHAMPION,
        "derived": Named(DERIVED, Consequence.NEW_CHAMPION),
        "protected": Named(free(Column), Consequence.COMPARABLE),
        "checked": Named(free(Column), Consequence.COMPARABLE),
        "excluded": COMPARABLE,
        "outcome": OUTCOME,
        "labels": COMPARABLE,
        "status": STATUS,
        "promotion": free(PromotionPolicy),
        "training": free(TrainingPolicy),
        "schedule": free(Schedule),
        "retention": free(RetentionPolicy),
        "drift": free(WatchPolicy),
        "notices": free(NoticePolicy),
        "interventions": COMPARABLE,
        "leakage": free(LeakagePolicy),
        "environment": COMPARABLE,
        "example": COMPARABLE,
        "timezone": COMPARABLE,
    },
)
"""A rule for every key of a TaskSpec."""


def compare(before: TaskSpec, after: TaskSpec) -> TaskChanges:
    """What differs between a task's former and its present TaskSpec, and what follows.

    >>> from preprocessing.task.spec import load_task
    >>> task = load_task("uci_student")
    >>> compare(task, task.model_copy(update={"title": "Fails"})).comparable
    ("title: 'Failing the year in mathematics' becomes 'Fails'",)
    """
    found = list(TASK("", before, after))
    comparable, new_champion, refused = (
        tuple(change.told for change in found if change.consequence is kind) for kind in Consequence
    )
    return TaskChanges(comparable, new_champion, refused)


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
