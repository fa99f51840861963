"""Who has seen a student: what the audit trail and the log of predictions tell, in one order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

ASKED_FOR = "predict"
"""What somebody did who asked for a prediction."""


@dataclass(frozen=True, slots=True)
class Sight:
    """That somebody saw a student, or did something about one.

    Attributes:
        actor: the name of the key or person.
        kind: `key`, `person`, `token`, `command` or `worker`; "" where that is not told.
        action: what was done.
        task: in which task; "" is the whole installation.
    """

    at: datetime
    actor: str
    kind: str
    action: str
    task: str = ""


@dataclass(frozen=True, slots=True)
class Seer:
    """Somebody who saw a student, over all the times.

    Attributes:
        times: how often.
    """

    actor: str
    kind: str
    action: str
    times: int
    first: datetime
    last: datetime


def newest_first(sights: Iterable[Sight]) -> list[Sight]:
    """Sights in the order in which they are told."""
    return sorted(sights, key=lambda one: (one.at, one.actor, one.action), reverse=True)


def seers(sights: Iterable[Sight]) -> list[Seer]:
    """Who did what how often, whoever was there last first.

    >>> from datetime import UTC
    >>> days = [datetime(2024, 1, day, tzinfo=UTC) for day in (1, 5)]
    >>> [(one.actor, one.times) for one in seers(Sight(d, "maria", "person", "open") for d in days)]
    [('maria', 2)]
    """
    found: dict[tuple[str, str, str], Seer] = {}
    for one in sights:
        who = (one.actor, one.kind, one.action)
        known = found.get(who, Seer(*who, 0, one.at, one.at))
        found[who] = replace(
            known,
            times=known.times + 1,
            first=min(known.first, one.at),
            last=max(known.last, one.at),
        )
    return sorted(found.values(), key=lambda one: (one.last, one.actor, one.action), reverse=True)
