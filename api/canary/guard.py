"""When a canary is stopped: pure figures over what both versions answered on this host.

The two answer different students, so a difference between them may be chance. What chance can do
is told by groups of students (`GROUPS`, by their hash), each counted as one: a student who is
asked a hundred times is no hundred students. The guard looks when the challenger's answers have
doubled, and its error is shared out over all looks there could ever be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

GROUPS = 32
FEWEST_GROUPS = 10
"""With fewer groups of students in either arm nothing is said of the share flagged; groups of
unequal size count as fewer."""

FIRST_LOOK = 100
"""Answers of the challenger at the first look; each further one is at twice as many."""

ERROR = 0.01
"""Chance that a canary is ever stopped on a host which differs by just what is allowed."""

CHECKS = 2
"""Figures that share the error: the share flagged, and the time."""


@dataclass(slots=True)
class ArmCounts:
    """What one version answered, by group of students; counted on, record by record.

    Attributes:
        asked: records of each group.
        flagged: those of them that were flagged.
        seconds: that scoring them took.
        squares: sum of the squares of that.
    """

    asked: list[int] = field(default_factory=lambda: [0] * GROUPS)
    flagged: list[int] = field(default_factory=lambda: [0] * GROUPS)
    seconds: float = 0.0
    squares: float = 0.0

    def count(self, number: int, *, flagged: bool, seconds: float) -> None:
        """Counts one answer; the student's number tells the group."""
        group = number % GROUPS
        self.asked[group] += 1
        self.flagged[group] += flagged
        self.seconds += seconds
        self.squares += seconds * seconds

    @property
    def records(self) -> int:
        """All records."""
        return sum(self.asked)

    def add(self, more: ArmCounts) -> None:
        """Takes in what another worker counted."""
        self.asked = [a + b for a, b in zip(self.asked, more.asked, strict=True)]
        self.flagged = [a + b for a, b in zip(self.flagged, more.flagged, strict=True)]
        self.seconds += more.seconds
        self.squares += more.squares


@dataclass(slots=True)
class CanaryCounts:
    """What both versions answered since the canary began."""

    champion: ArmCounts = field(default_factory=ArmCounts)
    challenger: ArmCounts = field(default_factory=ArmCounts)

    def add(self, more: CanaryCounts) -> None:
        """Takes in what another worker counted."""
        self.champion.add(more.champion)
        self.challenger.add(more.challenger)

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> CanaryCounts:
        """Of what a worker wrote.

        Raises:
            TypeError: it is something else.
        """
        return cls(ArmCounts(**raw["champion"]), ArmCounts(**raw["challenger"]))


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """What is allowed.

    Attributes:
        flagged_shift: the shares flagged may differ by so much.
        slower_ms: a record may take the challenger so many milliseconds longer.
    """

    flagged_shift: float = 0.1
    slower_ms: float = 5.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its standard error, known from so many independent parts."""

    mean: float
    error: float
    parts: float


def look_number(answered: int) -> int:
    """Which look is due after so many answers of the challenger; 0 before the first.

    >>> [look_number(n) for n in (99, 100, 199, 200, 400)]
    [0, 1, 1, 2, 3]
    """
    return (answered // FIRST_LOOK).bit_length()


def error_of_look(number: int) -> float:
    """The part of `ERROR` that a look may spend; those of all looks add up to it.

    As the squares of whole numbers do: their reciprocals add up to pi squared sixths.
    """
    return ERROR * 6 / (math.pi * number) ** 2


def objection(counts: CanaryCounts, limits: GuardLimits, number: int) -> str:
    """Why the canary is to be stopped at a look; empty where it is not.

    Args:
        counts: of all workers of the host.
        limits: what is allowed.
        number: of the look, 1 the first.
    """
    level = error_of_look(number) / CHECKS
    return _flags_otherwise(counts, limits.flagged_shift, level) or _is_slower(
        counts, limits.slower_ms, level
    )


def _flags_otherwise(counts: CanaryCounts, allowed: float, level: float) -> str:
    ours, theirs = share_flagged(counts.challenger), share_flagged(counts.champion)
    if ours is None or theirs is None or not _beyond(ours, theirs, allowed, level):
        return ""
    return (
        f"it flags {ours.mean:.1%} of the {counts.challenger.records} records it answered, the "
        f"champion {theirs.mean:.1%} of {counts.champion.records}: more than "
        f"{allowed * 100:g} points and chance apart"
    )


def _is_slower(counts: CanaryCounts, allowed: float, level: float) -> str:
    slow, quick = time_taken(counts.challenger), time_taken(counts.champion)
    if slow is None or quick is None or slow.mean < quick.mean:
        return ""
    if not _beyond(slow, quick, allowed, level):
        return ""
    return (
        f"it takes {slow.mean:.2f} ms a record, the champion {quick.mean:.2f} ms: more than "
        f"{allowed:g} ms and chance longer"
    )


def share_flagged(arm: ArmCounts) -> Estimate | None:
    """The share flagged, its error by groups of students; None of too few groups.

    A ratio of two sums over groups; its variance is that of the groups' residuals (Cochran 1977,
    Sampling Techniques, chapter 6). Groups of unequal size count as fewer of equal size (Kish
    1965, Survey Sampling).
    """
    groups = [(n, flagged) for n, flagged in zip(arm.asked, arm.flagged, strict=True) if n]
    records = arm.records
    parts = records**2 / sum(n * n for n, _ in groups) if records else 0.0
    if parts < FEWEST_GROUPS:
        return None
    share = sum(flagged for _, flagged in groups) / records
    off = sum((flagged - share * n) ** 2 for n, flagged in groups)
    if off == 0:  # All groups alike, as where nobody is flagged: that is not to be sure.
        likely = (share * parts + 1) / (parts + 2)
        return Estimate(share, math.sqrt(likely * (1 - likely) / (parts + 2)), parts)
    return Estimate(share, math.sqrt(off * parts / (parts - 1)) / records, parts)


def time_taken(arm: ArmCounts) -> Estimate | None:
    """Milliseconds that scoring a record takes; None of fewer records than a look needs."""
    records = arm.records
    if records < FIRST_LOOK:
        return None
    mean = arm.seconds / records
    spread = max(arm.squares / records - mean * mean, 0.0)
    return Estimate(mean * 1000, math.sqrt(spread / (records - 1)) * 1000, records)


def _beyond(one: Estimate, other: Estimate, allowed: float, level: float) -> bool:
    """Whether two means are further apart than allowed, at that error probability."""
    error = math.hypot(one.error, other.error)
    reach = student_quantile(1 - level, min(one.parts, other.parts) - 1)
    return abs(one.mean - other.mean) - allowed > reach * error


def student_quantile(probability: float, degrees: float) -> float:
    """Quantile of Student's t, by its expansion around the normal one.

    To the second order (Abramowitz and Stegun 26.7.5), within 2 % from nine degrees on.

    >>> round(student_quantile(0.995, 20), 2)
    2.84
    """
    z = NormalDist().inv_cdf(probability)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / degrees + second / degrees**2
