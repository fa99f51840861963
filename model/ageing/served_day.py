"""A day of predictions that are removed, as figures that tell of no fewer than ten students."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from model.units.disclosure import FEWEST_SHOWN


class AgedPrediction(NamedTuple):
    """What is counted of a prediction; `student_id` is None where the caller named nobody."""

    student_id: str | None
    unit: str
    status: str
    score: float


@dataclass(frozen=True, slots=True)
class ServedCell:
    """Predictions of one day that are told together.

    Attributes:
        unit: the (folded) school, "" unknown; None is every school that has no cell of its own.
        status: of the predictions; None is every status that has no cell of its own.
        predictions: how many.
        students: of how many students; those that named nobody count as one.
        mean: of their scores, on the task's own scale.
    """

    unit: str | None
    status: str | None
    predictions: int
    students: int
    mean: float


@dataclass(frozen=True, slots=True)
class ServedDay:
    """What stays of a day's predictions; what no ten students share is not told at all.

    Attributes:
        day: in UTC, `20260302`.
    """

    day: str
    cells: tuple[ServedCell, ...]


Told = tuple[str | None, str | None]
LEVELS: Sequence[Callable[[AgedPrediction], Told]] = (
    lambda one: (one.unit, one.status),
    lambda one: (None, one.status),
    lambda _one: (None, None),
)
"""By what predictions are told together, the finest first."""


def summed(day: date, served: Iterable[AgedPrediction]) -> ServedDay:
    """The figures of a day.

    What has fewer than ten students by school and status is told by status, with the other such
    schools; what still has fewer, with all others of the day; what is left then, not at all. No
    cell holds a part of another and no total is kept, so no difference of figures tells of fewer.

    >>> rows = [AgedPrediction(f"s{n}", "a", "alert", 0.5) for n in range(10)]
    >>> rows += [AgedPrediction(f"t{n}", "b", "alert", 0.9) for n in range(9)]
    >>> [(cell.unit, cell.students) for cell in summed(date(2024, 3, 1), rows).cells]
    [('a', 10)]
    """
    left, cells = list(served), list[ServedCell]()
    for told_by in LEVELS:
        groups: dict[Told, list[AgedPrediction]] = defaultdict(list)
        for one in left:
            groups[told_by(one)].append(one)
        large = {by: found for by, found in groups.items() if students(found) >= FEWEST_SHOWN}
        cells += [_cell(by, large[by]) for by in sorted(large, key=_order)]
        left = [one for by, found in groups.items() if by not in large for one in found]
    return ServedDay(f"{day:%Y%m%d}", tuple(cells))


def students(served: Iterable[AgedPrediction]) -> int:
    """How many students these are at least.

    >>> students([AgedPrediction(None, "", "alert", 0.5)] * 3)
    1
    """
    return len({one.student_id for one in served})


def _cell(by: Told, served: Sequence[AgedPrediction]) -> ServedCell:
    mean = sum(one.score for one in served) / len(served)
    return ServedCell(by[0], by[1], len(served), students(served), round(mean, 6))


def _order(by: Told) -> tuple[Hashable, ...]:
    return by[0] or "", by[1] or ""
