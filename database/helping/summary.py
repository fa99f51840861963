"""What was done and what help was given, counted from what is kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from database.driver.commands import Op
from database.helping.actions import ActionRepository
from database.helping.assignments import AssignmentRepository
from database.helping.follow_ups import everybodys
from database.helping.interventions import InterventionRepository
from model.helping.follow_up import by_person
from model.helping.tally import ActionTally, HelpTally, count_actions, count_help


@dataclass(frozen=True, slots=True)
class HelpSummary:
    """What was done, for whoever answers for it; it names no student.

    Attributes:
        actions: about the list of the period.
        interventions: the help that began in a span of time, by kind.
        assigned: person to how many students they look after.
        due: person to how many students they were to look at by the day.
    """

    actions: ActionTally
    interventions: Sequence[HelpTally]
    assigned: Mapping[str, int]
    due: Mapping[str, int]


def help_summary(
    period: str, *, day: date, since: date, units: Collection[str] | None = None
) -> Op[HelpSummary]:
    """Counts what was done.

    Args:
        period: of the list that actions are about.
        day: of the count.
        since: the earliest first day of the help that is counted.
        units: only what is of these (folded) units; None is all.

    Raises:
        RegistryError: something of it cannot be read.
    """
    last = yield from ActionRepository().of_period(period, units)
    given = yield from InterventionRepository().all_since(since, units=units)
    return HelpSummary(
        actions=count_actions(last.values()),
        interventions=count_help(given, day),
        assigned=(yield from AssignmentRepository().count_by_person(units)),
        due=by_person((yield from everybodys(day, units))),
    )
