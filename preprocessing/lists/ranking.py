"""Everybody's rank in their lane and unit, how many places there are, and where the cut is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.lists.budget import budget_of, places_of, rounded
from model.lists.published import Lane, LaneRoom, ListBudget, RoomSource
from preprocessing.lists.scoring import ScoredStudents
from preprocessing.task.policies import PromotionPolicy

Positions = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Stratum:
    """A lane of a unit.

    Attributes:
        members: positions of its students, most urgent first; then those of whom too little is
            known.
        ranked: how many of them are enough known to have a place.
        room: how many places there are.
        cut: where on the scale of concern places end.
    """

    members: Positions
    ranked: int
    room: LaneRoom
    cut: float


@dataclass(frozen=True, slots=True)
class RankedStudents:
    """n students in the order of a list.

    Attributes:
        order: positions, shape (n,), most urgent first whatever their lane; then those of whom too
            little is known.
        rank: of each in its lane and unit, 1 is the most urgent; shape (n,).
        within: who has a place; shape (n,).
        strata: by unit and lane.
    """

    order: Positions
    rank: Positions
    within: NDArray[np.bool_]
    strata: tuple[Stratum, ...]

    @property
    def rooms(self) -> tuple[LaneRoom, ...]:
        """The room of each lane and unit."""
        return tuple(one.room for one in self.strata)


def rank_students(
    scored: ScoredStudents, budgets: Sequence[ListBudget], policy: PromotionPolicy
) -> RankedStudents:
    """Ranks students within their lane and unit, and says who has a place.

    What the schools have set goes first. A lane without a budget has the places that the task's
    policy says, else as many as the version's operating point flags in it.

    Args:
        scored: n students.
        budgets: what the schools have set.
        policy: the task's.
    """
    unknown = scored.unknown
    order = _ordered(scored, unknown)
    rank = np.zeros(len(order), dtype=np.intp)
    within = np.zeros(len(order), dtype=np.bool_)
    strata = []
    usual = _usual(scored, order[~unknown[order]], policy)
    for lane, unit, members in _grouped(scored, order):
        rank[members] = np.arange(1, len(members) + 1)
        ranked = int((~unknown[members]).sum())
        places, source = _places(budgets, lane, unit, members, usual)
        taken = min(places, ranked)
        within[members[:taken]] = True
        room = LaneRoom(lane, unit, len(members), places, taken, source)
        cut = cut_of(scored.concern[members[:ranked]], taken)
        strata.append(Stratum(members, ranked, room, cut))
    return RankedStudents(order, rank, within, tuple(strata))


def cut_of(concern: NDArray[np.float64], places: int) -> float:
    """Where places end: midway between the last within and the first beyond.

    Args:
        concern: most urgent first.
        places: at most as many as there are.

    >>> cut_of(np.array([3.0, 2.0, 1.0]), 2), cut_of(np.array([3.0, 2.0]), 2)
    (1.5, 2.0)
    >>> cut_of(np.array([3.0]), 0) > 3.0
    True
    """
    if not len(concern):
        return 0.0
    if places == 0:
        return float(np.nextafter(concern[0], np.inf))
    last = float(concern[places - 1])
    return last if places == len(concern) else (last + float(concern[places])) / 2.0


def _ordered(scored: ScoredStudents, unknown: NDArray[np.bool_]) -> Positions:
    """Most urgent first, then those of whom too little is known; equals by their ids."""
    by_id = np.empty(len(scored.ids), dtype=np.intp)
    by_id[sorted(range(len(scored.ids)), key=scored.ids.__getitem__)] = np.arange(len(scored.ids))
    return np.lexsort((by_id, -scored.concern, unknown))


def _grouped(scored: ScoredStudents, order: Positions) -> list[tuple[Lane, str, Positions]]:
    """The students of each lane and unit, in the order given; by unit, then lane."""
    lanes = list(Lane)
    units = sorted(set(scored.units))
    place = {unit: number for number, unit in enumerate(units)}
    lane_of = {lane: number for number, lane in enumerate(lanes)}
    codes = np.array(
        [
            place[u] * len(lanes) + lane_of[lane]
            for u, lane in zip(scored.units, scored.lanes, strict=True)
        ],
        dtype=np.intp,
    )[order]
    grouped = order[np.argsort(codes, kind="stable")]
    found, sizes = np.unique(codes, return_counts=True)
    parts = np.split(grouped, np.cumsum(sizes)[:-1]) if len(sizes) else []
    return [
        (lanes[code % len(lanes)], units[code // len(lanes)], part)
        for code, part in zip(found.tolist(), parts, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Usual:
    """The places of a lane that nobody has set a budget for.

    Attributes:
        shares: of all students of a unit, by lane; else:
        chosen: who would have a place; shape (n,).
    """

    source: RoomSource
    chosen: NDArray[np.bool_]
    shares: dict[Lane, float]
    unit_sizes: dict[str, int]


def _usual(scored: ScoredStudents, known: Positions, policy: PromotionPolicy) -> _Usual:
    """What holds without budgets, of those of whom enough is known, most urgent first."""
    sizes: dict[str, int] = {}
    for unit in scored.units:
        sizes[unit] = sizes.get(unit, 0) + 1
    chosen = np.zeros(len(scored.ids), dtype=np.bool_)
    if policy.lanes is not None:
        shares = {Lane.KNOWN: policy.lanes.known, Lane.NEW: policy.lanes.new}
        return _Usual(RoomSource.POLICY, chosen, shares, sizes)
    if policy.alert_budget is None:
        chosen[known] = scored.high[known]
        return _Usual(RoomSource.CHAMPION, chosen, {}, sizes)
    left = {unit: rounded(policy.alert_budget, size) for unit, size in sizes.items()}
    for place in known.tolist():
        unit = scored.units[place]
        if left[unit] > 0:
            chosen[place] = True
            left[unit] -= 1
    return _Usual(RoomSource.POLICY, chosen, {}, sizes)


def _places(
    budgets: Sequence[ListBudget], lane: Lane, unit: str, members: Positions, usual: _Usual
) -> tuple[int, RoomSource]:
    own = budget_of(budgets, lane, unit)
    if own is not None:
        return places_of(own, len(members)), RoomSource.SCHOOL
    if usual.shares:
        return rounded(usual.shares.get(lane, 0.0), usual.unit_sizes[unit]), usual.source
    return int(usual.chosen[members].sum()), usual.source
