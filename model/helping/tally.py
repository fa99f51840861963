"""What was done for the students of a period, counted for whoever answers for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from model.helping.action import Action, ActionKind
from model.helping.intervention import Intervention


@dataclass(frozen=True, slots=True)
class KindTally:
    """Of how many students this is the last that was done.

    Attributes:
        students: for whom anything was done; the sum of the others.
    """

    students: int = 0
    seen: int = 0
    acted: int = 0
    not_useful: int = 0


@dataclass(frozen=True, slots=True)
class ActionTally:
    """What was done about the list of a period; each student counts once, by the last action.

    Attributes:
        whole: over all.
        units: (folded) unit to its own; "" is unknown.
        people: the name of who did it to theirs.
    """

    whole: KindTally = field(default_factory=KindTally)
    units: Mapping[str, KindTally] = field(default_factory=dict)
    people: Mapping[str, KindTally] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HelpTally:
    """One kind of help.

    Attributes:
        students: who got it.
        going_on: of those, who still get it on the day of the count.
        doses: how many of the interventions say a dose.
        mean_dose: the mean of these; None where none does.
    """

    kind: str
    students: int
    going_on: int
    doses: int
    mean_dose: float | None


def count_actions(last: Iterable[Action]) -> ActionTally:
    """Counts the last action of each student.

    Args:
        last: one a student.
    """
    every = list(last)
    return ActionTally(
        whole=_tally(one.kind for one in every),
        units=_apart(every, lambda one: one.unit),
        people=_apart(every, lambda one: one.by),
    )


def count_help(given: Iterable[Intervention], day: date) -> list[HelpTally]:
    """Counts the help given, the kind that most students get first.

    Args:
        given: what began, and may have ended.
        day: of the count.
    """
    by_kind: dict[str, list[Intervention]] = {}
    for one in given:
        by_kind.setdefault(one.kind, []).append(one)
    found = [_help(kind, of_kind, day) for kind, of_kind in by_kind.items()]
    return sorted(found, key=lambda one: (-one.students, one.kind))


def _help(kind: str, given: list[Intervention], day: date) -> HelpTally:
    doses = [one.dose for one in given if one.dose is not None]
    return HelpTally(
        kind=kind,
        students=len({one.student_id for one in given}),
        going_on=len({one.student_id for one in given if one.goes_on(day)}),
        doses=len(doses),
        mean_dose=sum(doses) / len(doses) if doses else None,
    )


def _apart(every: Iterable[Action], of: Callable[[Action], str]) -> dict[str, KindTally]:
    kinds: dict[str, list[ActionKind]] = {}
    for one in every:
        kinds.setdefault(of(one), []).append(one.kind)
    return {name: _tally(found) for name, found in sorted(kinds.items())}


def _tally(kinds: Iterable[ActionKind]) -> KindTally:
    found = Counter(kinds)
    return KindTally(found.total(), **{kind.value: found[kind] for kind in ActionKind})
