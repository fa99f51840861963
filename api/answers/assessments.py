"""What is answered about one student now, and about those the student is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from typing_extensions import TypedDict

from api.answers.filled import Count
from api.answers.predictions import AssessedFields, ExplainedFields
from model.lists.published import Lane
from model.prediction import Scale
from model.student import Value

# `from` is no name that a class body could hold.
ScoreChange = TypedDict(
    "ScoreChange", {"feature": str, "from": Value, "to": Value, "score_after": float}
)
"""One feature changed alone, and the score then; what the version would say, and no cause."""


class AssessmentAnswer(AssessedFields, ExplainedFields):
    """What the version in service says of one student; it is not kept as a prediction.

    Attributes:
        period: of the record.
        periods: those of which the student has a record that may be asked for, oldest first.
        units: where the student was.
        lane: `known` is at risk already, `new` would be; `all` where the task cannot tell.
        middle: of each feature the version uses: the median of the students it learned from, or
            their most frequent category. To a key for some units the median of their students in
            the newest period; nothing of fewer than ten.
        changes: what would lessen the concern, among what a school can influence, strongest first.
    """

    student_id: str
    period: str
    periods: Sequence[str]
    units: Mapping[str, str]
    scale: Scale
    model_version: str
    lane: Lane
    middle: Mapping[str, Value]
    changes: Sequence[ScoreChange]


class QuartileFields(TypedDict):
    """A quarter of the students have less than `low`, half less than `middle`."""

    low: float
    middle: float
    high: float
    students: Count


class PeriodCohort(TypedDict):
    """The students of one period.

    Attributes:
        students: of whom something is known.
        features: quartiles by numeric feature; none of fewer than ten students.
    """

    period: str
    students: Count
    features: Mapping[str, QuartileFields]


class CohortAnswer(TypedDict):
    """What one student is compared with.

    Attributes:
        at: when the figures were worked out; they are kept for ten minutes.
        periods: oldest first.
    """

    at: datetime
    periods: Sequence[PeriodCohort]
