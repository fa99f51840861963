"""What a challenger would have answered, beside the champion, on the predictions that were asked.

Kept as sums only: no student, no score of one. A sum of one look is added to those of the looks
before it, so a look costs what came since the last one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

LEAST_RECORDS = 10
"""No figure is told of fewer."""


@dataclass(frozen=True, slots=True)
class LogCursor:
    """The last prediction of the log that was looked at: when it was served, and its id."""

    at: datetime
    prediction_id: str = ""


@dataclass(frozen=True, slots=True)
class FlagTally:
    """Whom both models flag among some records, and how many at risk that is to find.

    Attributes:
        records: scored by both.
        both: flagged by both.
        champion_only: flagged by the champion alone.
        challenger_only: flagged by the challenger alone.
        expected: how many of the records are at risk by the mean of both models' scores; 0 where
            scores are no risks.
        champion_found: how many of these are among those that the champion flags.
        challenger_found: among those that the challenger flags.
    """

    records: int = 0
    both: int = 0
    champion_only: int = 0
    challenger_only: int = 0
    expected: float = 0.0
    champion_found: float = 0.0
    challenger_found: float = 0.0

    def plus(self, more: FlagTally) -> FlagTally:
        """Both together."""
        return FlagTally(
            self.records + more.records,
            self.both + more.both,
            self.champion_only + more.champion_only,
            self.challenger_only + more.challenger_only,
            self.expected + more.expected,
            self.champion_found + more.champion_found,
            self.challenger_found + more.challenger_found,
        )

    def flagged(self) -> tuple[float, float] | None:
        """The shares that champion and challenger flag; None of too few records.

        >>> FlagTally(100, both=20, champion_only=5, challenger_only=10).flagged()
        (0.25, 0.3)
        """
        if self.records < LEAST_RECORDS:
            return None
        return (
            (self.both + self.champion_only) / self.records,
            (self.both + self.challenger_only) / self.records,
        )

    def moved(self) -> float:
        """Share flagged by the challenger less the champion's, of the same records."""
        return (self.challenger_only - self.champion_only) / self.records if self.records else 0.0

    def moved_error(self) -> float:
        """Standard error of `moved`: of a difference of paired shares (McNemar's variance).

        >>> round(FlagTally(100, both=20, champion_only=5, challenger_only=10).moved_error(), 4)
        0.0384
        """
        if not self.records:
            return 0.0
        apart = self.challenger_only + self.champion_only
        square = (self.challenger_only - self.champion_only) ** 2 / self.records
        return math.sqrt(apart - square) / self.records


@dataclass(frozen=True, slots=True)
class ShadowTally:
    """Everything that is counted of some predictions; two of these can be added.

    Attributes:
        flags: of all records.
        new: of those not at risk now; empty where the task cannot tell.
        same_status: records that both give the same status.
        cells: champion's bin and challenger's bin, `3:7` say, to records; of `ShadowRecord.edges`.
        sums: of champion's score, challenger's, both squared, and their product.
        repeated: predictions left out, of a student and period that the same look holds a later
            one of.
        champion_errors: records that the champion could not score now.
        challenger_errors: records that the challenger could not score.
        timed: records scored one by one, as `/predict` does, for the time it takes.
        champion_seconds: that these took the champion.
        challenger_seconds: that they took the challenger, in the same process.
        answered: predictions that the challenger itself had answered, as a canary.
    """

    flags: FlagTally = FlagTally()
    new: FlagTally = FlagTally()
    same_status: int = 0
    cells: Mapping[str, int] = field(default_factory=dict)
    sums: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)
    repeated: int = 0
    champion_errors: int = 0
    challenger_errors: int = 0
    timed: int = 0
    champion_seconds: float = 0.0
    challenger_seconds: float = 0.0
    answered: int = 0

    def plus(self, more: ShadowTally) -> ShadowTally:
        """Both together."""
        cells = dict(self.cells)
        for cell, number in more.cells.items():
            cells[cell] = cells.get(cell, 0) + number
        return ShadowTally(
            flags=self.flags.plus(more.flags),
            new=self.new.plus(more.new),
            same_status=self.same_status + more.same_status,
            cells=cells,
            sums=tuple(a + b for a, b in zip(self.sums, more.sums, strict=True)),
            repeated=self.repeated + more.repeated,
            champion_errors=self.champion_errors + more.champion_errors,
            challenger_errors=self.challenger_errors + more.challenger_errors,
            timed=self.timed + more.timed,
            champion_seconds=self.champion_seconds + more.champion_seconds,
            challenger_seconds=self.challenger_seconds + more.challenger_seconds,
            answered=self.answered + more.answered,
        )


@dataclass(frozen=True, slots=True)
class ShadowEdges:
    """Where the bins of both models' scores begin, ascending; more is of more concern."""

    champion: tuple[float, ...]
    challenger: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ShadowRecord:
    """A challenger in the shadow of a champion. Names no student.

    Attributes:
        version: the challenger.
        champion: beside whom; another one begins the record anew.
        since: when the first look was taken (aware UTC); earlier predictions are not scored.
        at: when the last one was.
        cursor: up to where the log was looked at.
        edges: of the bins of `tally.cells`; None before anything was scored.
        tally: what was counted.
        budget: share of students that may be flagged; None: as many as the champion flags.
        fault: why the challenger cannot be tried at all; empty where it can.
        answered_since: when the canary was begun whose answers are counted; None where none was.
        waits: whether a promotion waits for it.
        needed_days: how long it waits at least.
        needed_predictions: for how many predictions it waits at least.
        revision: of the document; 0 where nothing is stored yet.
    """

    version: str
    champion: str
    since: datetime
    at: datetime
    cursor: LogCursor
    edges: ShadowEdges | None = None
    tally: ShadowTally = ShadowTally()
    budget: float | None = None
    fault: str = ""
    answered_since: datetime | None = None
    waits: bool = False
    needed_days: int = 0
    needed_predictions: int = 0
    revision: int = 0
