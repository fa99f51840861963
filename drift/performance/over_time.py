"""The champion's figures on outcomes, over the newest ones and by hour, day and period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from drift.performance.intervals import around, auc_with_error
from model.figures import Share, bins_for, calibration_error, share_of
from model.helping.bounds import UNBOUNDED, recall_bounds
from model.units.disclosure import showable, split
from model.watch.performance import Measure, RealisedFigures, Span

Floats = NDArray[np.float64]

NEWEST = 1_000
"""Outcomes that the figures of now are taken of."""
MOST_ROWS: Mapping[Span, int] = {Span.PERIOD: 12, Span.DAY: 90, Span.HOUR: 168}
"""Rows that are kept of each kind, the newest."""


@dataclass(frozen=True, slots=True)
class JudgedRecords:
    """n outcomes with the champion's scores of their records, the newest first.

    Attributes:
        outcomes: shape (n,), 1.0 at risk and 0.0 not.
        scores: shape (n,).
        cuts: shape (n,), where each is flagged.
        periods: n periods of the features.
        arrived: n moments (aware UTC) at which the outcomes first came.
        new: shape (n,), who was not at risk when the score was made; None where no one can tell.
        rows: shape (n, d), the encoder's columns; None where they are not at hand.
        helped: shape (n,), whose student was helped before the outcome; None where nobody ever was.
    """

    outcomes: Floats
    scores: Floats
    cuts: Floats
    periods: Sequence[str] = field(default_factory=tuple)
    arrived: Sequence[datetime] = field(default_factory=tuple)
    new: NDArray[np.bool_] | None = None
    rows: Floats | None = None
    helped: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.outcomes)

    @property
    def at_risk(self) -> NDArray[np.bool_]:
        """Shape (n,)."""
        return np.asarray(self.outcomes > 0.5)

    @property
    def flags(self) -> NDArray[np.bool_]:
        """Shape (n,)."""
        return np.asarray(self.scores >= self.cuts)

    def take(self, chosen: NDArray[np.intp]) -> JudgedRecords:
        """The records at those positions."""
        return JudgedRecords(
            self.outcomes[chosen],
            self.scores[chosen],
            self.cuts[chosen],
            tuple(self.periods[i] for i in chosen) if self.periods else (),
            tuple(self.arrived[i] for i in chosen) if self.arrived else (),
            None if self.new is None else self.new[chosen],
            None if self.rows is None else self.rows[chosen],
            None if self.helped is None else self.helped[chosen],
        )

    @property
    def newest(self) -> JudgedRecords:
        """Those that figures of now are taken of."""
        return self.take(np.arange(min(NEWEST, len(self))))


@dataclass(frozen=True, slots=True)
class OverTime:
    """Rows of each kind that may be shown, the newest first."""

    last: RealisedFigures | None
    periods: tuple[RealisedFigures, ...]
    days: tuple[RealisedFigures, ...]
    hours: tuple[RealisedFigures, ...]


def over_time(judged: JudgedRecords) -> OverTime:
    """Figures with intervals of the newest outcomes, and by period, day and hour.

    Of a group of fewer than ten records, or from which such a group would follow as a difference,
    nothing is told (`model.units.disclosure`).

    Args:
        judged: n outcomes, the newest first; none give no rows.
    """
    if not len(judged):
        return OverTime(None, (), (), ())
    days = [f"{moment.astimezone(UTC):%Y-%m-%d}" for moment in judged.arrived]
    hours = [f"{moment.astimezone(UTC):%Y-%m-%dT%H}" for moment in judged.arrived]
    by_day = withheld(_grouped(Span.DAY, days, judged))
    shown_days = {row.name for row in by_day if row.n is not None}
    by_hour = [row for day in sorted(shown_days, reverse=True) for row in withheld(
        _grouped(Span.HOUR, [h if h[:10] == day else "" for h in hours], judged)
    )]  # fmt: skip
    newest = judged.newest
    return OverTime(
        last=withheld([figures_of(newest, Span.LAST, "")])[0],
        periods=_kept(Span.PERIOD, withheld(_grouped(Span.PERIOD, judged.periods, judged))),
        days=_kept(Span.DAY, by_day),
        hours=_kept(Span.HOUR, by_hour),
    )


def figures_of(judged: JudgedRecords, span: Span, name: str) -> RealisedFigures:
    """All figures of n outcomes, n ≥ 1, nothing withheld.

    Args:
        judged: the outcomes.
        span: what they have in common.
        name: of the row.
    """
    at_risk, flags = judged.at_risk, judged.flags
    positives, flagged, found = (int(x.sum()) for x in (at_risk, flags, at_risk & flags))
    row = RealisedFigures(
        span=span,
        name=name,
        n=len(judged),
        positives=positives,
        flagged=flagged,
        recall=share_of(found, positives),
        precision=share_of(found, flagged),
        auc=_auc(judged.outcomes, judged.scores, positives),
        calibration_error=calibration_error(judged.outcomes, judged.scores),
        calibration_by_chance=error_by_chance(judged.scores),
    )
    if judged.helped is not None:
        row = replace(
            row,
            helped=int(judged.helped.sum()),
            helped_recall=recall_bounds(
                at_risk.astype(np.float64), flags.astype(np.float64), judged.helped
            ),
        )
    if judged.new is None:
        return row
    new = at_risk & judged.new
    return replace(
        row,
        new_positives=int(new.sum()),
        new_recall=share_of(int((new & flags).sum()), int(new.sum())),
    )


def error_by_chance(scores: Floats) -> float:
    """The calibration error that perfectly calibrated scores show on average.

    Each bin's difference is taken as normal, whose mean distance from zero is √(2/π) standard
    deviations.

    >>> round(error_by_chance(np.full(100, 0.5)), 3)
    0.056
    """
    order = np.argsort(scores, kind="stable")
    parts = np.array_split((scores * (1 - scores))[order], bins_for(len(scores)))
    total = sum(float(np.sqrt(part.sum())) for part in parts)
    return float(np.sqrt(2 / np.pi) * total / len(scores))


def withheld(rows: Sequence[RealisedFigures]) -> list[RealisedFigures]:
    """The rows with only those figures that tell of no fewer than ten records.

    Args:
        rows: of one kind; no record is in two of them.
    """
    sizes = {row.name: (row.n or 0,) for row in rows}
    shown = showable(sizes)
    at_risk = showable({r.name: split(r.n or 0, r.positives or 0) for r in rows}, shown)
    flagged = showable({r.name: split(r.n or 0, r.flagged or 0) for r in rows}, shown)
    new = frozenset[str]()
    if all(row.new_positives is not None for row in rows):
        new = showable(
            {r.name: split(r.positives or 0, r.new_positives or 0) for r in rows}, at_risk
        )
    helped = showable({r.name: split(r.n or 0, r.helped or 0) for r in rows}, at_risk)
    return [
        _without_helped(
            _reduced(r, r.name in shown, r.name in at_risk, r.name in flagged, r.name in new),
            r.name in helped,
        )
        for r in rows
    ]


def _reduced(
    row: RealisedFigures, shown: bool, at_risk: bool, flagged: bool, new: bool
) -> RealisedFigures:
    if not shown:
        return RealisedFigures(row.span, row.name, None)
    if not at_risk:
        row = replace(
            row, positives=None, recall=Share(), auc=Share(),
            calibration_error=None, calibration_by_chance=None,
        )  # fmt: skip
    if not flagged:
        row = replace(row, flagged=None, precision=Share())
    if not new:
        row = replace(row, new_positives=None, new_recall=Share())
    return row


def _without_helped(row: RealisedFigures, told: bool) -> RealisedFigures:
    """The row without what would tell of a few helped students; that nobody was is told."""
    if told or row.helped == 0:
        return row
    return replace(row, helped=None, helped_recall=UNBOUNDED)


def _kept(span: Span, rows: Sequence[RealisedFigures]) -> tuple[RealisedFigures, ...]:
    newest = sorted(rows, key=lambda row: row.name, reverse=True)
    return tuple(newest[: MOST_ROWS[span]])


def _grouped(span: Span, names: Sequence[str], judged: JudgedRecords) -> list[RealisedFigures]:
    """One row a name, records without one left out."""
    found = []
    every = np.asarray(names, dtype=np.str_)
    for name in np.unique(every).tolist():
        if name:
            found.append(figures_of(judged.take(np.flatnonzero(every == name)), span, name))
    return found


def _auc(outcomes: Floats, scores: Floats, positives: int) -> Share:
    if min(positives, len(outcomes) - positives) < 2:
        return Share()
    return around(*auc_with_error(outcomes, scores))


def measured_of(row: RealisedFigures, measure: Measure) -> int:
    """How many records a figure of the row was taken of; 0 where it is withheld."""
    counts = {
        Measure.RECALL: row.positives,
        Measure.NEW_RECALL: row.new_positives,
        Measure.PRECISION: row.flagged,
    }
    return counts.get(measure, row.n) or 0
