"""What a version says of a period's students, as a list needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.lists.published import Lane
from model.prediction import RiskLabel, RiskStatus, Scale
from model.student import Observation
from preprocessing.assessing import Assessments, assess
from preprocessing.columnar.columns import Columns, columns_of, joined_columns
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec


@dataclass(frozen=True, slots=True)
class ScoredStudents:
    """n students with what a version says of each; every sequence has n values.

    Attributes:
        ids: the keys of the students.
        units: the (folded) unit of each; "" is unknown.
        lanes: of each.
        concern: log-odds of the risk, or the value, turned so that more is of more concern; they
            differ where scores round to one and the same.
        scores: on the version's own scale.
        statuses: as of a prediction.
        high: who is beyond the version's operating point.
        features: of each, as columns.
    """

    ids: Sequence[str]
    units: Sequence[str]
    lanes: Sequence[Lane]
    concern: NDArray[np.float64]
    scores: NDArray[np.float64]
    statuses: Sequence[RiskStatus]
    high: NDArray[np.bool_]
    features: Columns

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """Of whom too little is known, so that the score says little; shape (n,)."""
        return np.array([one is RiskStatus.INSUFFICIENT for one in self.statuses], dtype=np.bool_)


def score_students(
    predictor: Predictor, observed: Sequence[Observation], task: TaskSpec
) -> ScoredStudents:
    """What a version says of a period's students.

    Args:
        predictor: the version.
        observed: n records of one period, with what earlier periods add to them.
        task: which feature says who is at risk already.
    """
    columns = columns_of([one.features for one in observed], task.features)
    found = assess(predictor, columns, task.feature_names)
    return ScoredStudents(
        ids=[one.student_id for one in observed],
        units=[one.unit for one in observed],
        lanes=_lanes(columns, task),
        concern=_concern(predictor.thresholds.scale, found),
        scores=np.array(found.scores, dtype=np.float64),
        statuses=found.statuses,
        high=np.array([one is RiskLabel.HIGH for one in found.labels], dtype=np.bool_),
        features=columns,
    )


def joined(parts: Sequence[ScoredStudents]) -> ScoredStudents:
    """Several parts of a period's students as one; at least one part."""
    if len(parts) == 1:
        return parts[0]
    return ScoredStudents(
        ids=[one for part in parts for one in part.ids],
        units=[one for part in parts for one in part.units],
        lanes=[one for part in parts for one in part.lanes],
        concern=np.concatenate([part.concern for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        statuses=[one for part in parts for one in part.statuses],
        high=np.concatenate([part.high for part in parts]),
        features=joined_columns([part.features for part in parts]),
    )


def two_lanes(task: TaskSpec) -> bool:
    """Whether a task can tell who is at risk already."""
    return task.outcome.persistence is not None and task.outcome.form.two_valued


def lanes_there_are(task: TaskSpec) -> tuple[Lane, ...]:
    """The lanes of a task's lists."""
    return (Lane.KNOWN, Lane.NEW) if two_lanes(task) else (Lane.ALL,)


def _lanes(columns: Columns, task: TaskSpec) -> list[Lane]:
    name = task.outcome.persistence
    if name is None or not two_lanes(task):
        return [Lane.ALL] * columns.size
    rule = task.outcome
    return [
        Lane.KNOWN if value is not None and rule.value_of(value) == 1.0 else Lane.NEW
        for value in columns.values(name)
    ]


def _concern(scale: Scale, found: Assessments) -> NDArray[np.float64]:
    return -found.log_odds if scale is Scale.VALUE_LOW else found.log_odds
