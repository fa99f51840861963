"""Who is at risk now already, and who would be new: the two lanes of students.

A student who is at risk now needs no model to be found. What a model is worth beyond today's list
is told by the others, so each figure of what it finds stands beside that of the new cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.prediction import Thresholds
from model.student import Features
from preprocessing.task.spec import TaskSpec

LEAST_ROOM = 1e-9
"""A lane without any room comes after all others."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """Room in each lane, for n records.

    Attributes:
        new: shape (n,), who is not at risk now.
        known_share: share of all records that may be flagged, of those at risk now.
        new_share: the same of the others.
    """

    new: NDArray[np.bool_]
    known_share: float
    new_share: float

    def take(self, index: NDArray[np.intp]) -> Lanes:
        """The lanes of the records at those positions."""
        return replace(self, new=self.new[index])

    def order(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores that fill both lanes at once, shape (n,).

        Each is how far into its lane's room a record stands, negative so that more comes first: the
        first `known_share + new_share` of all records are those that each lane has room for. What a
        lane has no students for goes to the other. Records with equal scores stay equal.

        >>> lanes = Lanes(np.array([False, False, True, True]), 0.25, 0.25)
        >>> lanes.order(np.array([0.9, 0.8, 0.3, 0.1])).tolist()
        [-0.5, -1.5, -0.5, -1.5]
        """
        filled = np.empty(len(scores))
        for member, share in ((~self.new, self.known_share), (self.new, self.new_share)):
            _, place, sizes = np.unique(-scores[member], return_inverse=True, return_counts=True)
            middle = np.cumsum(sizes) - sizes / 2.0
            filled[member] = -middle[place] / max(share * len(scores), LEAST_ROOM)
        return filled


def lanes_of(records: Sequence[Features], task: TaskSpec) -> Lanes | None:
    """The lanes of n records; None where the task has one budget for all."""
    budgets = task.promotion.lanes
    new = None if budgets is None else new_cases(records, task)
    return None if new is None or budgets is None else Lanes(new, budgets.known, budgets.new)


def operating_cuts(cuts: Thresholds, records: Sequence[Features]) -> NDArray[np.float64]:
    """Where `high` begins for each of n records, shape (n,)."""
    return np.array([cuts.for_record(record).operating for record in records], dtype=np.float64)


def present_states(records: Sequence[Features], task: TaskSpec) -> NDArray[np.float64] | None:
    """What the outcome's rule says of today's value (`outcome.persistence`).

    Returns:
        shape (n,), NaN where the value is missing; None where the task names no such feature.
    """
    name = task.outcome.persistence
    if name is None:
        return None
    values = (record.get(name) for record in records)
    states = (None if value is None else task.outcome.value_of(value) for value in values)
    return np.array([np.nan if state is None else state for state in states], dtype=np.float64)


def new_cases(records: Sequence[Features], task: TaskSpec) -> NDArray[np.bool_] | None:
    """Who is not known to be at risk now, shape (n,).

    None where the task names no `outcome.persistence`, or where its outcome is a number, of which
    nobody is at risk.
    """
    states = present_states(records, task) if task.outcome.form.two_valued else None
    return None if states is None else np.asarray(states != 1.0)
