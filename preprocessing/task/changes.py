"""What a changed TaskSpec means for what was recorded and trained under the former one.

Every key has one consequence, and it is declared here: a change of it may leave everything
comparable, may need a new first champion, or may be refused because what is recorded would mean
something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from preprocessing.task.change_rules import (
    Always,
    Bound,
    CategoryLists,
    Change,
    Consequence,
    Named,
    Rule,
    RulesOf,
)
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
        "oneroster": COMPARABLE,
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
