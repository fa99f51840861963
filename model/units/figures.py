"""Figures of each unit's records, those that tell of a handful of students left out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from model.figures import Share, share_of
from model.units.disclosure import showable, split
from model.units.tested import JudgedUnits, UnitFigures

Array = NDArray[np.float64]
Names = NDArray[np.str_]


def counted(units: Names) -> dict[str, int]:
    """How many records each unit has, "" (unknown) among them.

    >>> counted(np.array(["a", "b", "a", ""]))
    {'': 1, 'a': 2, 'b': 1}
    """
    names, counts = np.unique(units, return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


def shares_by_unit(units: Names, outcome: Array, flags: Array) -> JudgedUnits:
    """Recall, precision and share flagged in each unit, each with its 95 % interval (Wilson).

    A share is shown where what it is taken of (those at risk, those flagged) and the rest of the
    unit are ten records or more, here and in all hidden units together (`disclosure.showable`). How
    many of its ten a share counts is what it is there to tell.

    Args:
        units: shape (n,), folded; "" where unknown.
        outcome: shape (n,), 1.0 at risk and 0.0 not.
        flags: shape (n,), 1.0 flagged and 0.0 not.
    """
    names, place = np.unique(units, return_inverse=True)
    added = [_added(place, values, len(names)) for values in (outcome, flags, outcome * flags)]
    records = counted(units)
    of_each = {
        name: (records[name], *counts)
        for name, counts in zip(names.tolist(), zip(*added, strict=True), strict=True)
    }
    shown = showable({name: (n,) for name, (n, *_) in of_each.items()})
    at_risk = showable({u: split(n, p) for u, (n, p, _, _) in of_each.items()}, shown)
    flagged = showable({u: split(n, f) for u, (n, _, f, _) in of_each.items()}, shown)
    return JudgedUnits(
        records,
        {u: _of_unit(u, of_each[u], u in at_risk, u in flagged) for u in sorted(shown)},
    )


def named_figures(shares: Mapping[str, Share]) -> dict[str, float]:
    """Shares by name as documents keep them, with the ends of their intervals.

    >>> sorted(named_figures({"recall": share_of(8, 10), "precision": Share()}))
    ['recall', 'recall_high', 'recall_low']
    """
    found: dict[str, float] = {}
    for name, share in shares.items():
        ends = {name: share.value, f"{name}_low": share.low, f"{name}_high": share.high}
        found |= {key: value for key, value in ends.items() if value is not None}
    return found


def _added(place: NDArray[np.intp], values: Array, groups: int) -> list[int]:
    sums = np.bincount(place.ravel(), weights=values, minlength=groups)
    return [round(total) for total in sums.tolist()]


def _of_unit(unit: str, counts: tuple[int, ...], at_risk: bool, flagged: bool) -> UnitFigures:
    n, positives, flags, caught = counts
    shares = {}
    if at_risk:
        shares["recall"] = share_of(caught, positives)
    if flagged:
        shares |= {"precision": share_of(caught, flags), "flagged": share_of(flags, n)}
    return UnitFigures(unit, n, positives if at_risk else None, named_figures(shares))
