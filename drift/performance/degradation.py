"""Whether the champion has become worse than it promised, by more than chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from math import hypot

import numpy as np
from scipy.special import ndtr

from drift.performance.held_out import disagreement_by_chance, doubt_of
from drift.performance.intervals import auc_error, auc_with_error, promised_counts
from drift.performance.over_time import JudgedRecords, error_by_chance, figures_of, measured_of
from drift.performance.realised import fall_by_chance
from model.figures import Share
from model.risk_interval import HeldOutMap
from model.units.disclosure import FEWEST_SHOWN
from model.watch.performance import Degradation, DegradationLook, Measure, RealisedFigures, Span

BUDGET = 0.10
"""Error probability of all looks of a calendar year together: one false alarm in ten years."""
PAUSE = timedelta(days=7)
MOST_LOOKS = 53
"""A look a week at most."""
FEWEST_JUDGED = 50
NEW_SHARE = 0.5
"""Of the outcomes that are judged so many must have come since the look before."""

PARTS: Mapping[Measure, float] = {
    Measure.RECALL: 0.5,
    Measure.NEW_RECALL: 0.125,
    Measure.PRECISION: 0.125,
    Measure.AUC: 0.125,
    Measure.CALIBRATION: 0.125,
}
"""Of a look's level, each figure's part: recall is what is promised."""

LEAST: Mapping[Measure, float] = {
    Measure.RECALL: 0.05,
    Measure.NEW_RECALL: 0.05,
    Measure.PRECISION: 0.05,
    Measure.AUC: 0.03,
    Measure.CALIBRATION: 0.05,
}
"""A smaller change is no alarm, however sure it is."""


def next_look(
    looks: Iterable[DegradationLook], judged: JudgedRecords, *, version: str, now: datetime
) -> DegradationLook | None:
    """The look that may be taken now, or None.

    The same outcomes looked at again are no look: half of those judged must be new, and a week must
    have passed. Half of a year's budget goes to its looks as 1 / j (j + 1), most of it to the
    first, which is the only one where all outcomes come in one file; the other half to each of 53
    alike, so that a late look can still find something. The levels add up to the budget at most,
    so the probability of any false alarm in the year does too, whatever the looks have to do with
    each other (Bonferroni).

    Args:
        looks: that were taken, of this version and those before.
        judged: the newest outcomes, the newest first.
        version: who is looked at.
        now: aware UTC; its calendar year is the budget's.
    """
    if len(judged) < FEWEST_JUDGED:
        return None
    taken = sorted(looks, key=lambda look: look.at)
    last = taken[-1] if taken else None
    number = 1 + sum(look.at.year == now.year for look in taken)
    if number > MOST_LOOKS or (last is not None and not _worth_it(last, judged, version, now)):
        return None
    return DegradationLook(
        at=now,
        number=number,
        model_version=version,
        labelled=len(judged),
        newest=max(judged.arrived),
        level=level_of(number),
    )


def level_of(number: int) -> float:
    """The level of a year's look, 1 the first.

    >>> round(level_of(1), 4), round(level_of(10), 5)
    (0.0259, 0.0014)
    >>> sum(level_of(j) for j in range(1, MOST_LOOKS + 1)) <= BUDGET
    True
    """
    return BUDGET / 2 * (1 / (number * (number + 1)) + 1 / MOST_LOOKS)


def degraded(
    promised: Mapping[str, float],
    judged: JudgedRecords,
    look: DegradationLook,
    known: HeldOutMap | None,
    former: Iterable[Degradation] = (),
) -> tuple[Degradation, ...]:
    """What is worse than promised by more than chance and enough to matter.

    Recall, that of the new cases and precision by Fisher's exact test against the figure of when
    the version was made; the AUC by the normal test with both errors; the calibration by how
    outcomes disagree with the scores, its own uncertainty counted.

    Args:
        promised: the version's metrics.
        judged: outcomes of records that it did not learn from, n ≥ 1.
        look: its level is shared by the figures (`PARTS`).
        known: how outcomes followed the scores on records held out; without it the calibration is
            not judged.
        former: what the look before found; what goes on keeps its beginning.
    """
    row = figures_of(judged, Span.LAST, "")
    since = {found.metric: found.since for found in former}
    found = []
    for measure, part in PARTS.items():
        then, now = promised.get(measure), row.share(measure)
        if then is None or now.value is None:
            continue
        by_chance = _by_chance(measure, promised, judged, row, known)
        if by_chance > look.level * part or not _matters(measure, then, now.value, judged):
            continue
        found.append(
            Degradation(
                metric=measure,
                promised=then,
                low=now.low,
                high=now.high,
                measured=now.value,
                n=measured_of(row, measure),
                since=since.get(measure, look.at),
                p_value=by_chance,
            )
        )
    return tuple(found)


def told(found: Degradation) -> str:
    """A degradation in words.

    >>> at = datetime(2026, 1, 1)
    >>> told(Degradation(Measure.RECALL, 0.76, 0.5, 0.62, 0.56, 300, at, 0.0001))
    'recall is 0.560 (0.500 to 0.620) on 300 records, 0.760 was promised'
    """
    name = found.metric.value.replace("_", " ")
    ends = "" if found.low is None else f" ({found.low:.3f} to {found.high:.3f})"
    came = f"{name} is {found.measured:.3f}{ends} on {found.n} records"
    return f"{came}, {found.promised:.3f} was promised"


def _worth_it(last: DegradationLook, judged: JudgedRecords, version: str, now: datetime) -> bool:
    if now - last.at < PAUSE:
        return False
    if last.model_version != version:
        return True
    fresh = sum(moment > last.newest for moment in judged.arrived)
    return fresh >= NEW_SHARE * len(judged)


def _matters(measure: Measure, then: float, now: float, judged: JudgedRecords) -> bool:
    if measure is Measure.CALIBRATION:
        return now - max(then, error_by_chance(judged.scores)) >= LEAST[measure]
    return then - now >= LEAST[measure]


def _by_chance(
    measure: Measure,
    promised: Mapping[str, float],
    judged: JudgedRecords,
    row: RealisedFigures,
    known: HeldOutMap | None,
) -> float:
    """The chance of as bad a figure if nothing has changed; 1 where that cannot be told."""
    if measure is Measure.CALIBRATION:
        if known is None:
            return 1.0
        doubt = doubt_of(judged.scores, known, judged.rows)
        return disagreement_by_chance(judged.outcomes, judged.scores, doubt)
    counts = promised_counts(promised).get(measure)
    if counts is None or measured_of(row, measure) < FEWEST_SHOWN:
        return 1.0
    if measure is Measure.AUC:
        return _auc_by_chance(promised[measure], counts, judged)
    return _share_by_chance(promised[measure], counts[0], row.share(measure), row, measure)


def _share_by_chance(
    then: float, of_then: float, now: Share, row: RealisedFigures, measure: Measure
) -> float:
    assert now.value is not None
    of_now = measured_of(row, measure)
    found_then = np.array([round(then * of_then)])
    found_now = np.array([round(now.value * of_now)])
    return float(fall_by_chance(found_then, round(of_then), found_now, of_now)[0])


def _auc_by_chance(then: float, counts: tuple[float, float], judged: JudgedRecords) -> float:
    now, error = auc_with_error(judged.outcomes, judged.scores)
    both = hypot(error, auc_error(then, *counts))
    return float(ndtr((now - then) / both)) if both > 0 else 1.0
