"""What is found within so many places: measured once for a version, asked for with any budget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from model.lists.published import Lane, LaneRoom

STEPS = 50
"""Shares at which a curve is kept, every 2 %: no point is of one student in a school year."""


@dataclass(frozen=True, slots=True)
class LaneCurve:
    """How many of those at risk stand in the first shares of a lane.

    Attributes:
        students: of the lane, among those the version was measured on.
        at_risk: of them, those who were at risk in the end.
        found: of those at risk, how many were in the first 0, 1, ... `STEPS` parts of the lane,
            most urgent first; equals share what is left of a part.
    """

    lane: Lane
    students: int
    at_risk: int
    found: tuple[float, ...]

    def found_in(self, share: float) -> float:
        """How many of those at risk are in the first `share` of the lane.

        >>> LaneCurve(Lane.ALL, 4, 2, (0.0, 1.5, 2.0)).found_in(0.25)
        0.75
        """
        place = min(max(share, 0.0), 1.0) * (len(self.found) - 1)
        low = min(int(place), len(self.found) - 2)
        return self.found[low] + (place - low) * (self.found[low + 1] - self.found[low])


@dataclass(frozen=True, slots=True)
class Finds:
    """What a version finds within the places there are.

    Attributes:
        places: share of the students who have one.
        recall: of those who will be at risk, the share with a place.
        precision: of those with a place, the share who will be at risk.
        new_recall: of the new cases, the share with a place; None where no one can tell.
    """

    places: float
    recall: float
    precision: float
    new_recall: float | None


def finds_within(curves: Sequence[LaneCurve], rooms: Iterable[LaneRoom]) -> Finds | None:
    """What a version finds within places, if they are spread over the schools alike.

    Each lane counts by its students on the list, and by how often they were at risk where the
    version was measured.

    Args:
        curves: of the version; those of `KNOWN` and `NEW`, or of `ALL`.
        rooms: of the list.

    Returns:
        None where the version knows no such lanes, or nobody has a place or would be at risk.

    >>> curves = [LaneCurve(Lane.ALL, 4, 2, (0.0, 1.5, 2.0))]
    >>> finds_within(curves, [LaneRoom(Lane.ALL, "", 100, 50, 50)])
    Finds(places=0.5, recall=0.75, precision=0.75, new_recall=None)
    """
    by_lane = {curve.lane: curve for curve in curves}
    students: dict[Lane, int] = {}
    within: dict[Lane, int] = {}
    for room in rooms:
        students[room.lane] = students.get(room.lane, 0) + room.students
        within[room.lane] = within.get(room.lane, 0) + room.within
    if not students.keys() <= by_lane.keys() or not sum(within.values()):
        return None
    at_risk, found = 0.0, 0.0
    new_recall: float | None = None
    for lane, size in students.items():
        curve = by_lane[lane]
        if not curve.students:
            continue
        lane_at_risk = size * curve.at_risk / curve.students
        recall = curve.found_in(within[lane] / size) / curve.at_risk if curve.at_risk else 0.0
        at_risk, found = at_risk + lane_at_risk, found + lane_at_risk * recall
        if lane is Lane.NEW and curve.at_risk:
            new_recall = recall
    if not at_risk:
        return None
    places = sum(within.values())
    return Finds(places / sum(students.values()), found / at_risk, found / places, new_recall)
