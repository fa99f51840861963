"""What is made of a student's results in a period."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from preprocessing.task.oneroster import Measure

GRADED = "fully graded"
EXEMPT = "exempt"
NOT_SUBMITTED = "not submitted"


@dataclass(frozen=True, slots=True)
class RosterResult:
    """One result of a student.

    Attributes:
        score: on the scale that is asked for; None where it is not graded.
        day: when it was scored, ISO 8601.
        key: of its row, which orders results of one day.
    """

    score: float | None
    day: str
    key: str
    missing: bool = False
    late: bool = False
    incomplete: bool = False


Made = Callable[[Sequence[RosterResult]], float | None]


def _scores(results: Sequence[RosterResult]) -> list[float]:
    ordered = sorted(results, key=lambda one: (one.day, one.key))
    return [one.score for one in ordered if one.score is not None]


def _mean(results: Sequence[RosterResult]) -> float | None:
    scores = _scores(results)
    return fsum(scores) / len(scores) if scores else None


def _last(results: Sequence[RosterResult]) -> float | None:
    return next(reversed(_scores(results)), None)


def _share(results: Sequence[RosterResult]) -> float | None:
    return sum(one.missing for one in results) / len(results) if results else None


MEASURES: Mapping[Measure, Made] = {
    "mean": _mean,
    "last": _last,
    "lowest": lambda results: min(_scores(results), default=None),
    "highest": lambda results: max(_scores(results), default=None),
    "graded": lambda results: float(len(_scores(results))),
    "missing": lambda results: float(sum(one.missing for one in results)),
    "missing_share": _share,
    "late": lambda results: float(sum(one.late for one in results)),
    "incomplete": lambda results: float(sum(one.incomplete for one in results)),
}
"""A student without any result has no value of the scores, and 0 of the counts."""
