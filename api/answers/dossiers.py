"""What is answered about everything that is known of one student.

The rows name neither the student, who is named once on top, nor how Farol keys it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from typing_extensions import TypedDict

from api.answers.helping import ActionFields, AssignmentFields, InterventionFields
from api.answers.predictions import AssessedFields
from model.label import Correction
from model.lists.published import Lane
from model.prediction import PredictionSource
from model.rights.rectification import RecordPart
from model.student import Value


class StudentRecord(TypedDict):
    """What a school reported of one period.

    Attributes:
        protected: read to check fairness, never to score.
        checked: read to check the records of several periods against each other, never to score.
        units: where the student was.
    """

    period: str
    units: Mapping[str, str]
    features: Mapping[str, Value]
    protected: Mapping[str, str]
    checked: Mapping[str, Value]
    observed_at: datetime
    batch_id: str | None


class StudentPrediction(AssessedFields):
    """A prediction that was served, and what it was made from.

    Attributes:
        known_weight: share of what the version's scores rest on that the record gave; null where
            the version does not know it.
        threshold: where `high` begins.
        imputed: features that were filled in.
        unseen: of those, the ones whose category the version never saw.
        client: the name of the key that asked.
        key_id: of that key, or what stands for a token; empty of a person, and of releases before.
        request_id: of the request that asked; empty of releases before.
        source: where it was asked for.
        waiting: it is safe on this host and not in the registry yet.
    """

    prediction_id: str
    period: str
    created_at: datetime
    model_version: str
    threshold: float
    features: Mapping[str, Value]
    imputed: Sequence[str]
    unseen: Sequence[str]
    units: Mapping[str, str]
    client: str | None
    key_id: str
    request_id: str
    source: PredictionSource
    waiting: bool


class StudentOutcome(TypedDict):
    """An outcome as somebody reported it.

    Attributes:
        period: of the features; null where only the prediction that it names tells it.
        prediction_id: the prediction that it names.
        source: who reported it: an ingested file, or the name of a key.
        unit: it joins records of that unit only; empty: of any.
    """

    period: str | None
    value: float
    observed_at: datetime
    arrived_at: datetime
    prediction_id: str | None
    source: str | None
    unit: str


class StudentOrphan(TypedDict):
    """An outcome that waits for its features.

    Attributes:
        history: the values that it had before, oldest first.
        unit: it waits for records of that unit only; empty: of any.
    """

    period: str
    outcome: float
    observed_at: datetime
    arrived_at: datetime
    source: str | None
    history: Sequence[Correction]
    unit: str


class StudentLabel(StudentOrphan):
    """An outcome joined to the features that were known when predicting; models train on these.

    Attributes:
        history: the values that it had before, oldest first.
        early: it was only ever observed before its period began.
        prediction_id: the prediction that it was joined to; null: a school's record.
        score: of that prediction.
        unit: the unit of those features.
    """

    early: bool
    features: Mapping[str, Value]
    protected: Mapping[str, str]
    units: Mapping[str, str]
    prediction_id: str | None
    score: float | None
    model_version: str | None


class StudentAssignment(AssignmentFields):
    """Who looks after the student.

    Attributes:
        former: what was said last within other units before, newest first.
    """

    former: Sequence[AssignmentFields]


class StudentListed(TypedDict):
    """Where the student stood on a list that was published.

    Attributes:
        unit: the school that the list put the student under; empty: unknown.
        rank: in the lane and school; 1 is the most urgent.
        listed: whether the student had a place.
        won: what a draw at the margin said; null without one.
    """

    list_id: str
    lane: Lane
    unit: str
    score: float
    margin: float
    rank: int
    listed: bool
    won: bool | None


class StudentCorrection(TypedDict):
    """A value that was wrong and was put right.

    Attributes:
        part: what it belongs to.
        field: its column.
        former: what stood there; null: nothing.
        value: what is right; null: it is not known.
        by: the name of the key or person who put it right.
    """

    period: str
    part: RecordPart
    field: str
    former: Value | None
    value: Value | None
    at: datetime
    by: str
    reason: str


class StudentObjection(TypedDict):
    """That the student objects to being scored.

    Attributes:
        by: the name of the key or person who wrote it down; empty where another unit did.
        reason: in the words of whoever objects; empty where another unit wrote it down.
    """

    at: datetime
    by: str
    reason: str


class WholeParts(TypedDict):
    """What one task knows of a student besides what may be many.

    Attributes:
        records: oldest period first.
        labels: what became of the reported outcomes, oldest period first.
        orphans: those that wait for their features.
        actions: what was done on seeing the student on a list, newest first.
        interventions: the help that the student got, by its first day.
        assigned: who looks after the student, as it was said last; null: nobody was ever named.
        listed: published lists that the student was on.
        corrections: values that were put right, newest first.
        objection: null: nobody objects to scoring the student.
    """

    records: Sequence[StudentRecord]
    labels: Sequence[StudentLabel]
    orphans: Sequence[StudentOrphan]
    actions: Sequence[ActionFields]
    interventions: Sequence[InterventionFields]
    assigned: StudentAssignment | None
    listed: Sequence[StudentListed]
    corrections: Sequence[StudentCorrection]
    objection: StudentObjection | None


class TaskDossier(WholeParts):
    """What one task knows of a student.

    Attributes:
        predictions: those that wait for the registry, then those in it, each newest first.
        outcomes: as they were reported, newest first.
    """

    predictions: Sequence[StudentPrediction]
    outcomes: Sequence[StudentOutcome]


class TaskPage(TaskDossier):
    """What one task knows of a student, with a page of predictions and of outcomes.

    Attributes:
        more: the next page has predictions or outcomes too.
    """

    more: bool


class StudentFields(TypedDict):
    """Who a dossier is about, and what it is not told of.

    Attributes:
        unit: whose id it is, where ids are unique within a unit only; else null.
        not_reached: tasks that share the register and that the key is not for, that count ids
            otherwise, or that this host does not serve; what they know of the student is not here.
        erased: tasks in which the student was erased.
    """

    student_id: str
    unit: str | None
    at: datetime
    not_reached: Sequence[str]
    erased: Sequence[str]


class StudentAnswer(StudentFields):
    """All that is known of a student, by task.

    Attributes:
        limit: predictions, and outcomes, that are shown of each task at most.
        offset: how many of the newest are left out before the first.
    """

    limit: int
    offset: int
    tasks: Mapping[str, TaskPage]
