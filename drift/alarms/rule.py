"""What makes an alarm of the drift that checks find."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

WORSE_TIMES = 1.5
WORSE_LIMITS = 1.0
"""An acknowledged alarm is raised again from half as much more and a whole limit more on: at 50
records, the fewest of a cohort, chance alone moves the effect of `ks` by 0.7 limits (one sd)."""


class ChosenPersistence(Protocol):
    """What a task says of alarms: the part of its `drift` policy that is read here."""

    @property
    def alpha(self) -> float:
        """Level of one check."""

    @property
    def alarm_alpha(self) -> float:
        """Level of an alarm."""

    @property
    def checks(self) -> int:
        """Checks in a row."""

    @property
    def settled_days(self) -> int:
        """After so many days without a change a cohort is complete."""


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """When drift that was found becomes an alarm.

    Attributes:
        alpha: level at which one check finds drift (q-value).
        alarm_alpha: level that one check of an alarm must reach: the strong evidence.
        checks: counted checks in a row that must find drift, one of them strongly; and as many
            without drift that end an alarm. A complete cohort is judged by one check.
        settled: a cohort that has not changed for so long is complete.
    """

    alpha: float
    alarm_alpha: float
    checks: int
    settled: timedelta


def rule_of(chosen: ChosenPersistence) -> AlarmRule:
    """The rule of a task."""
    return AlarmRule(
        alpha=chosen.alpha,
        alarm_alpha=chosen.alarm_alpha,
        checks=chosen.checks,
        settled=timedelta(days=chosen.settled_days),
    )


def clearly_worse(strength: float, acknowledged: float) -> bool:
    """Whether drift of that strength is more than what was acknowledged, beyond chance.

    >>> clearly_worse(3.0, 2.0), clearly_worse(2.9, 2.0), clearly_worse(13.0, 10.0)
    (True, False, False)
    """
    return strength >= WORSE_TIMES * acknowledged and strength >= acknowledged + WORSE_LIMITS
