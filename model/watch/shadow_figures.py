"""What the sums of a challenger's shadow say: pure figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.watch.shadow import LEAST_RECORDS, FlagTally, ShadowRecord


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
