"""Two profiles of one column in the same few bars."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.profile import CategoryProfile, ColumnProfile, NumericProfile

MOST_VALUES = 24
"""Different numbers up to which each has a bar of its own: grades, phases, marks in halves."""

BINS = 12
"""Bars of a number of more values, about."""

MOST_CATEGORIES = 12
"""Categories with a bar of their own; the others share one."""

TAIL = 0.01
"""Share of the values at either end that the first and the last bar may stretch for."""

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)

Shares = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """The shares of two profiles in the same bars; which of the first three says what they are."""

    labels: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()
    then: Shares = ()
    now: Shares = ()
    others: bool = False


def bars_of(reference: ColumnProfile, current: ColumnProfile) -> Bars:
    """The bars of one column; none where neither side has a value.

    >>> from model.profile import profile_numbers
    >>> bars_of(profile_numbers([1.0, 2.0], missing=0), profile_numbers([2.0], missing=0))
    Bars(labels=(), values=(1.0, 2.0), edges=(), then=(0.5, 0.5), now=(0.0, 1.0), others=False)
    """
    if isinstance(reference, CategoryProfile) and isinstance(current, CategoryProfile):
        return _of_categories(reference, current)
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        values = sorted({*reference.values, *current.values})
        if not values:
            return Bars()
        if len(values) <= MOST_VALUES and reference.whole and current.whole:
            return _of_values(reference, current, values)
        return _of_ranges(reference, current)
    raise TypeError("bars are of two numbers or of two categories")


def _of_categories(reference: CategoryProfile, current: CategoryProfile) -> Bars:
    then = dict(zip(reference.categories, _shares(reference.counts), strict=True))
    now = dict(zip(current.categories, _shares(current.counts), strict=True))
    names = sorted(then.keys() | now.keys(), key=lambda n: (-max(then.get(n, 0), now.get(n, 0)), n))
    shown = names if len(names) <= MOST_CATEGORIES + 1 else names[:MOST_CATEGORIES]
    rest = names[len(shown) :]

    def shares(of: dict[str, float]) -> Shares:
        if not of:
            return ()
        own = tuple(of.get(name, 0.0) for name in shown)
        return own if not rest else (*own, sum(of.get(name, 0.0) for name in rest))

    return Bars(tuple(shown), then=shares(then), now=shares(now), others=bool(rest))


def _of_values(reference: NumericProfile, current: NumericProfile, values: list[float]) -> Bars:
    def shares(profile: NumericProfile) -> Shares:
        return _shares([profile.counts.get(value, 0) for value in values])

    return Bars(values=tuple(values), then=shares(reference), now=shares(current))


def _of_ranges(reference: NumericProfile, current: NumericProfile) -> Bars:
    sides = [side for side in (reference, current) if side.values]
    edges = _edges(
        min(side.quantile(TAIL) for side in sides), max(side.quantile(1 - TAIL) for side in sides)
    )
    return Bars(edges=edges, then=_binned(reference, edges), now=_binned(current, edges))


def _edges(low: float, high: float) -> tuple[float, ...]:
    """Round numbers between which the bars lie.

    >>> _edges(0.3, 9.8)
    (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0)
    """
    if not low < high:
        return (low,)
    rough = (high - low) / BINS
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(scale * one for one in STEPS if scale * one >= rough)
    first, last = math.floor(low / step) + 1, math.ceil(high / step) - 1
    edges = tuple(round(place * step, 12) for place in range(first, last + 1))
    return edges or (round((low + high) / 2, 12),)


def _binned(profile: NumericProfile, edges: tuple[float, ...]) -> Shares:
    if not profile.values:
        return ()
    at, upto = np.asarray(profile.values), np.asarray(profile.upto)
    counted: NDArray[np.float64]
    if profile.whole:
        counted = np.concatenate([[0], upto])[np.searchsorted(at, edges, side="right")]
    else:
        # Between two kept values the data is taken as evenly spread.
        counted = np.interp(edges, at, upto, left=0.0, right=float(profile.present))
    return _shares(np.diff(counted, prepend=0, append=profile.present).tolist())


def _shares(counts: tuple[int, ...] | list[int] | list[float]) -> Shares:
    total = sum(counts)
    return tuple(round(count / total, 4) for count in counts) if total else ()
