"""Which period of the task an academic session belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from preprocessing.oneroster.roster import Roster
from preprocessing.task.oneroster import OneRosterMapping
from preprocessing.task.spec import TaskSpec


@dataclass(frozen=True, slots=True)
class RosterPeriods:
    """The periods of a bundle.

    Attributes:
        of_session: session to its period; sessions of none are not in it.
        begins: period to its first day, ISO 8601.
    """

    of_session: Mapping[str, str]
    begins: Mapping[str, str]


def periods_of(roster: Roster, mapping: OneRosterMapping, task: TaskSpec) -> RosterPeriods:
    """The periods of a bundle's sessions.

    A session belongs to the nearest one of the mapping's type, itself or a parent; where there is
    none and the school year is the period, to its own school year.

    Args:
        roster: the sessions.
        mapping: which of them make a period, and what it is called.
        task: what a period looks like.
    """
    sessions = roster.rows("academicSessions")
    found: dict[str, str] = {}
    begins: dict[str, str] = {}
    for key, own in sessions.items():
        at = _upwards(key, roster, mapping.session)
        if at is None and mapping.period != "schoolYear":
            continue
        made = sessions[at] if at is not None else own
        name = (at or key) if mapping.period == "sourcedId" else made[mapping.period]
        if not task.is_period(name):
            roster.account.ignored[f"academicSessions {mapping.period}"] += 1
            continue
        found[key] = name
        begins[name] = min(begins.get(name, made["startDate"]), made["startDate"])
    return RosterPeriods(found, begins)


def _upwards(key: str, roster: Roster, wanted: str) -> str | None:
    """The nearest session of a type, from this one upwards; parents may go in a circle."""
    seen: set[str] = set()
    while key and key not in seen:
        row = roster.row("academicSessions", key)
        if row.get("type") == wanted:
            return key
        seen.add(key)
        key = row.get("parentSourcedId", "")
    return None
