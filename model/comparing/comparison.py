"""Two versions side by side on records that neither learned from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ComparisonStatus(StrEnum):
    """How far a comparison is."""

    WAITING = "waiting"
    DONE = "done"
    IMPOSSIBLE = "impossible"
    """There is nothing to compare the two on; `VersionComparison.why` says why."""

    FAILED = "failed"


class NotComparable(StrEnum):
    """Why two versions cannot be compared now."""

    LEARNED = "learned"
    """Each of the newest labelled records was learned from by one of the two."""

    FEW = "few"
    """Too few records that neither learned from."""

    ONE_SIDED = "one_sided"
    """Of those records fewer than ten were at risk, or fewer than ten were not."""

    MISFIT = "misfit"
    """One of the two cannot read the task's records as they are now."""


@dataclass(frozen=True, slots=True)
class FigureRange:
    """A figure with its 95 % interval, students drawn with replacement."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """One metric of both versions on the same records.

    Attributes:
        metric: its name.
        first: of the first version.
        second: of the second version.
        difference: second less first, by the same draws of students.
        less_is_better: an error, of which less is better.
    """

    metric: str
    first: FigureRange
    second: FigureRange
    difference: FigureRange
    less_is_better: bool = False

    @property
    def better(self) -> int:
        """1 or 2, where that version is better beyond chance; else 0.

        >>> one = FigureRange(0.5, 0.4, 0.6)
        >>> ComparedFigure("recall", one, one, FigureRange(0.1, 0.02, 0.18)).better
        2
        >>> ComparedFigure("recall", one, one, FigureRange(0.1, -0.02, 0.18)).better
        0
        """
        if self.difference.low <= 0 <= self.difference.high:
            return 0
        return 2 if (self.difference.value > 0) is not self.less_is_better else 1


@dataclass(frozen=True, slots=True)
class ComparedPeriod:
    """The records of one period among those that were compared.

    Attributes:
        period: of the features.
        rows: records.
        positives: of them at risk; 0 of a numeric outcome.
        figures: the main one, and the same of the new cases where these are known.
    """

    period: str
    rows: int
    positives: int
    figures: tuple[ComparedFigure, ...]


@dataclass(frozen=True, slots=True)
class ComparisonFinding:
    """What a comparison showed. Names no student.

    Attributes:
        rows: records compared.
        students: whom they are about.
        positives: records at risk; 0 of a numeric outcome.
        periods: their periods, oldest first.
        newest: when the last of their outcomes first arrived; None where that is not known.
        learned: newest labelled records that were left out, as one of the two learned from them.
        flagged: how many either version flags in the `_at_budget` figures; 0 of a numeric outcome.
        both_flagged: of them those that both flag, ties shared fairly.
        same_scores: both give every record the same score.
        figures: the metrics.
        by_period: the main figure within each period that has enough records.
        resamples: how often students were drawn.
    """

    rows: int
    students: int
    positives: int
    periods: tuple[str, ...]
    newest: datetime | None
    learned: int
    flagged: int
    both_flagged: float
    same_scores: bool
    figures: tuple[ComparedFigure, ...]
    by_period: tuple[ComparedPeriod, ...]
    resamples: int


@dataclass(frozen=True, slots=True)
class VersionComparison:
    """One comparison that was asked for.

    Attributes:
        comparison_id: its id.
        at: when it was asked for (aware UTC).
        first: the version that the other is held against.
        second: the other version.
        requested_by: name of the key or person.
        done_at: when it was done, or could not be.
        why: why there is nothing to compare; None in any other status.
        found: records that neither learned from, where these were too few.
        error: what stopped it, in our own words; empty in any other status than `FAILED`.
        finding: what it showed; None until it is done.
        revision: as stored; 0 before.
    """

    comparison_id: str
    at: datetime
    first: str
    second: str
    requested_by: str
    status: ComparisonStatus = ComparisonStatus.WAITING
    done_at: datetime | None = None
    why: NotComparable | None = None
    found: int = 0
    error: str = ""
    finding: ComparisonFinding | None = None
    revision: int = 0
