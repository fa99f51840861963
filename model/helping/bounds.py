"""What finding those at risk is worth where some of them were helped, as bounds.

A child who was flagged, helped and did well looks like a false alarm, and may be one that the help
saved. Nobody can see which. So a figure is told four times: as outcomes came, without those who
were helped, and the least and the most that it can be. The bounds assume that help does no harm:
who was helped and was at risk nevertheless would have been so without it.

Source: Manski (1990), Nonparametric bounds on treatment effects, with a monotone response (1997).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class HelpedBounds:
    """One figure with and without students who were helped; None where it is not defined.

    Attributes:
        recorded: as the outcomes came.
        without: of the records of those alone who were not helped.
        low: the least that it can be, whoever of the helped was saved.
        high: the most.
    """

    recorded: float | None = None
    without: float | None = None
    low: float | None = None
    high: float | None = None


UNBOUNDED = HelpedBounds()


def maybe_saved(outcome: Floats, helped: Mask) -> Mask:
    """Who was helped and did well: the help may be why, shape (n,).

    >>> maybe_saved(np.array([1.0, 0.0, 0.0]), np.array([True, True, False])).tolist()
    [False, True, False]
    """
    return np.asarray(helped & (outcome < 0.5))


def recall_bounds(outcome: Floats, flags: Floats, helped: Mask) -> HelpedBounds:
    """Of those at risk, or who would have been without help, the share that was flagged.

    Args:
        outcome: shape (n,), 1.0 at risk.
        flags: shape (n,), how much of each record is flagged, 0 to 1.
        helped: shape (n,).

    >>> outcome, flags = np.array([1.0, 1.0, 0.0, 0.0]), np.array([1.0, 0.0, 1.0, 0.0])
    >>> recall_bounds(outcome, flags, np.array([False, False, True, True]))
    HelpedBounds(recorded=0.5, without=0.5, low=0.3333333333333333, high=0.6666666666666666)
    """
    return _bounds(outcome, flags, helped)


def gain_bounds(outcome: Floats, ours: Floats, theirs: Floats, helped: Mask) -> HelpedBounds:
    """How much more of those at risk the one flags than the other, with as many flags.

    Args:
        outcome: shape (n,), 1.0 at risk.
        ours: shape (n,), how much of each record the challenger flags.
        theirs: the same of the champion.
        helped: shape (n,).
    """
    return _bounds(outcome, ours - theirs, helped)


def precision_bounds(outcome: Floats, flags: Floats, helped: Mask) -> HelpedBounds:
    """Of those flagged, the share at risk, or who would have been without help.

    >>> outcome, flags = np.array([1.0, 0.0, 0.0, 0.0]), np.array([1.0, 1.0, 1.0, 0.0])
    >>> bounds = precision_bounds(outcome, flags, np.array([False, True, False, False]))
    >>> [round(x, 2) for x in (bounds.recorded, bounds.without, bounds.low, bounds.high)]
    [0.33, 0.5, 0.33, 0.67]
    """
    flagged, found = float(flags.sum()), float(flags @ outcome)
    if not flagged:
        return UNBOUNDED
    others = ~helped
    saved = float(flags[maybe_saved(outcome, helped)].sum())
    return HelpedBounds(
        recorded=found / flagged,
        without=_ratio(float(flags[others] @ outcome[others]), float(flags[others].sum())),
        low=found / flagged,
        high=(found + saved) / flagged,
    )


def _bounds(outcome: Floats, worth: Floats, helped: Mask) -> HelpedBounds:
    """Mean of `worth` among those at risk, some of the helped who did well counted among them."""
    positives, total = float(outcome.sum()), float(worth @ outcome)
    saved, others = worth[maybe_saved(outcome, helped)], ~helped
    return HelpedBounds(
        recorded=_ratio(total, positives),
        without=_ratio(float(worth[others] @ outcome[others]), float(outcome[others].sum())),
        low=_least(total, positives, saved),
        high=_negative(_least(-total, positives, -saved)),
    )


def _least(total: float, positives: float, saved: Floats) -> float | None:
    """The least mean when any of those who may have been saved count too.

    Whoever counts has the smallest worth of all, so the least is that of so many of the smallest.
    """
    counted = np.arange(len(saved) + 1) + positives
    sums = total + np.concatenate(([0.0], np.cumsum(np.sort(saved))))
    defined = counted > 0
    return float((sums[defined] / counted[defined]).min()) if defined.any() else None


def _negative(value: float | None) -> float | None:
    return None if value is None else 0.0 - value


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
