"""How many students, where that is ten or more."""

from __future__ import annotations

from collections.abc import Mapping

from api.answers.helping import ActionsTold, HelpTold, KindsTold
from model.helping.action import ActionKind
from model.helping.tally import ActionTally, HelpTally, KindTally
from model.units.disclosure import FEWEST_SHOWN, showable


def told(students: int) -> int | None:
    """A count, or None where it is of one to nine; that there is nobody is told.

    >>> told(0), told(9), told(10)
    (0, None, 10)
    """
    return students if students == 0 or students >= FEWEST_SHOWN else None


def told_parts(counts: Mapping[str, int]) -> dict[str, int | None]:
    """The parts of a whole that is told: no part of fewer than ten follows from the others.

    >>> told_parts({"seen": 30, "acted": 12, "not_useful": 4})
    {'seen': 30, 'acted': None, 'not_useful': None}
    >>> told_parts({"seen": 30, "acted": 0})
    {'seen': 30, 'acted': 0}
    """
    some = {name: n for name, n in counts.items() if n}
    shown = showable({name: (n,) for name, n in some.items()})
    return {name: n if name in shown or not n else None for name, n in counts.items()}


def kinds_told(tally: KindTally) -> KindsTold:
    """What was done last for the students of a tally, by kind."""
    if told(tally.students) is None:
        return KindsTold(students=None, seen=None, acted=None, not_useful=None)
    parts = told_parts({kind.value: getattr(tally, kind.value) for kind in ActionKind})
    return KindsTold(
        students=tally.students,
        seen=parts[ActionKind.SEEN],
        acted=parts[ActionKind.ACTED],
        not_useful=parts[ActionKind.NOT_USEFUL],
    )


def actions_told(tally: ActionTally) -> ActionsTold:
    """The whole, and each unit and person whose own does not tell of a few; the others None."""
    return ActionsTold(
        whole=kinds_told(tally.whole), units=_apart(tally.units), people=_apart(tally.people)
    )


def help_told(one: HelpTally) -> HelpTold:
    """A kind of help with the counts that may be told; the dose of ten or more."""
    parts = told_parts({"on": one.going_on, "ended": one.students - one.going_on})
    students = told(one.students)
    return HelpTold(
        kind=one.kind,
        students=students,
        going_on=None if students is None else parts["on"],
        doses=told(one.doses),
        mean_dose=one.mean_dose if one.doses >= FEWEST_SHOWN else None,
    )


def _apart(tallies: Mapping[str, KindTally]) -> dict[str, KindsTold | None]:
    shown = told_parts({name: tally.students for name, tally in tallies.items()})
    return {
        name: None if shown[name] is None else kinds_told(tally) for name, tally in tallies.items()
    }
