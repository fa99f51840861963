"""What a challenger would have answered, beside the champion, on the predictions that were asked.

Kept as sums only: no student, no score of one. A sum of one look is added to those of the looks
before it, so a look costs what came since the last one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

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
        return float(np.sqrt(apart - square)) / self.records


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


@dataclass(frozen=True, slots=True)
class ShadowFigures:
    """What the sums say; None where there are too few records, or nothing to measure.

    Attributes:
        records: predictions scored by both.
        same_status: share to which both give the same status.
        same_label: share that both flag, or both do not.
        champion_flagged: share that the champion flags.
        challenger_flagged: share that the challenger flags.
        overlap_flagged: of those flagged by either, the share flagged by both.
        overlap_listed: of the highest scores of one, as many as the budget has room for, the share
            that is among as many of the other.
        listed: that budget, a share of the records.
        rank_correlation: Spearman's, of the scores in bins.
        correlation: Pearson's.
        champion_recall: of those at risk, the share that is flagged, by the mean of both scores.
        challenger_recall: the same of the challenger.
        champion_new_recall: the same of those not at risk now.
        challenger_new_recall: the same of the challenger.
        champion_micros: microseconds that a record takes, scored alone.
        challenger_micros: the same of the challenger, in the same process.
        errors: records that the challenger could not score.
    """

    records: int
    same_status: float | None
    same_label: float | None
    champion_flagged: float | None
    challenger_flagged: float | None
    overlap_flagged: float | None
    overlap_listed: float | None
    listed: float | None
    rank_correlation: float | None
    correlation: float | None
    champion_recall: float | None
    challenger_recall: float | None
    champion_new_recall: float | None
    challenger_new_recall: float | None
    champion_micros: float | None
    challenger_micros: float | None
    errors: int


def shadow_figures(record: ShadowRecord) -> ShadowFigures:
    """What a record says of a challenger beside its champion."""
    tally, flags = record.tally, record.tally.flags
    enough = flags.records >= LEAST_RECORDS
    shares = flags.flagged()
    either = flags.both + flags.champion_only + flags.challenger_only
    listed = record.budget if record.budget is not None else shares[0] if shares else None
    grid = _grid(tally.cells) if enough and tally.cells else None
    return ShadowFigures(
        records=flags.records,
        same_status=tally.same_status / flags.records if enough else None,
        same_label=1 - (either - flags.both) / flags.records if enough else None,
        champion_flagged=shares[0] if shares else None,
        challenger_flagged=shares[1] if shares else None,
        overlap_flagged=flags.both / either if enough and either else None,
        overlap_listed=overlap(grid, listed) if grid is not None and listed else None,
        listed=listed,
        rank_correlation=rank_correlation(grid) if grid is not None else None,
        correlation=_pearson(flags.records, tally.sums) if enough else None,
        champion_recall=_part(flags.champion_found, flags),
        challenger_recall=_part(flags.challenger_found, flags),
        champion_new_recall=_part(tally.new.champion_found, tally.new),
        challenger_new_recall=_part(tally.new.challenger_found, tally.new),
        champion_micros=tally.champion_seconds / tally.timed * 1e6 if tally.timed else None,
        challenger_micros=tally.challenger_seconds / tally.timed * 1e6 if tally.timed else None,
        errors=tally.challenger_errors,
    )


def overlap(grid: NDArray[np.float64], share: float) -> float:
    """Of the top `share` of one axis, how much is in the top `share` of the other.

    A bin that the share ends in is taken in part, as if its records were shuffled.

    Args:
        grid: shape (bins, bins), records by both models' bins, more of concern last.
        share: of all records, above 0 and at most 1.

    >>> overlap(np.diag([1.0, 1.0, 1.0, 1.0]), 0.25), overlap(np.ones((4, 4)), 0.25)
    (1.0, 0.25)
    """
    room = share * float(grid.sum())
    rows, columns = (_topmost(grid.sum(axis=axis), room) for axis in (1, 0))
    return float(rows @ grid @ columns) / room


def rank_correlation(grid: NDArray[np.float64]) -> float | None:
    """Spearman's correlation of two binned scores; None where one of them has one bin only.

    >>> rank_correlation(np.diag([5.0, 5.0, 5.0]))
    1.0
    """
    ranks = []
    for axis in (1, 0):
        sizes = grid.sum(axis=axis)
        middle = np.cumsum(sizes) - sizes / 2
        ranks.append(middle - float(middle @ sizes) / float(sizes.sum()))
    first, second = ranks
    spread = float(first**2 @ grid.sum(axis=1)) * float(second**2 @ grid.sum(axis=0))
    return None if spread <= 0 else round(float(first @ grid @ second) / float(np.sqrt(spread)), 9)


def bin_of(edges: Sequence[float], scores: NDArray[np.float64]) -> NDArray[np.intp]:
    """The bin of each score, shape (n,); 0 below the first edge."""
    return np.searchsorted(np.asarray(edges), scores, side="right")


def _grid(cells: Mapping[str, int]) -> NDArray[np.float64]:
    places = np.array([tuple(map(int, cell.split(":"))) for cell in cells], dtype=np.intp)
    grid = np.zeros(tuple(places.max(axis=0) + 1))
    grid[places[:, 0], places[:, 1]] = list(cells.values())
    return grid


def _topmost(sizes: NDArray[np.float64], room: float) -> NDArray[np.float64]:
    """How much of each bin is taken when the highest ones are filled first, shape (bins,)."""
    above = np.cumsum(sizes[::-1])[::-1] - sizes
    taken = np.clip(room - above, 0.0, sizes)
    return np.divide(taken, sizes, out=np.zeros_like(sizes), where=sizes > 0)


def _pearson(n: int, sums: Sequence[float]) -> float | None:
    a, b, aa, bb, ab = sums
    spread = max(aa - a * a / n, 0.0) * max(bb - b * b / n, 0.0)
    return None if spread <= 0 else float(np.clip((ab - a * b / n) / np.sqrt(spread), -1.0, 1.0))


def _part(found: float, tally: FlagTally) -> float | None:
    told = tally.records >= LEAST_RECORDS and tally.expected > 0
    return found / tally.expected if told else None
