"""What is answered about scores, outcomes and students.

An answer is declared once: a handler makes the dictionary, orjson writes it, and the OpenAPI page
is made from the same class (`api.openapi`), so nothing is validated while a request waits. Names
that end in `Answer` are whole answers; `Fields` are shared by several. A record of `model` stands
for itself: all its fields are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from typing_extensions import TypedDict

from api.answers.erasures import BackupHorizon, ErasedHost, ErasedTask
from api.answers.filled import Count, Rank, Share
from api.http.problems import FieldError
from model.explanation import Reason
from model.helping.action import ActionKind
from model.lists.published import Lane, LaneRoom
from model.prediction import RiskLabel, RiskStatus, Scale


class ScoreFields(TypedDict, total=False):
    """The fields that carry a score; those of the task's scale are always there, no other is."""

    risk_score: Share
    predicted: float
    interval: tuple[float, float] | None


class AssessedFields(ScoreFields):
    """What a version makes of a record.

    Attributes:
        known_weight: share of what the version's scores rest on that the record gave; null where
            the version does not know it.
    """

    risk_label: RiskLabel
    status: RiskStatus
    known_weight: Share | None


class ExplainedFields(TypedDict):
    """Why a score is what it is.

    Attributes:
        base_value: the score of the average training record.
        reasons: strongest first.
        risk_interval: lower and upper end of the share at risk among students with this score;
            null for a value, and of a version that does not know it.
    """

    base_value: float
    reasons: Sequence[Reason]
    risk_interval: tuple[float, float] | None


class PredictionAnswer(AssessedFields):
    """One record's prediction.

    Attributes:
        known_weight: share of what the version's scores rest on that the record gave; null where
            the version does not know it.
        threshold: where `high` begins.
        imputed: features that were filled in.
        unseen: of those, the ones whose category the version never saw; the most frequent one was
            taken.
    """

    prediction_id: str
    student_id: str | None
    period: str
    threshold: float
    model_version: str
    imputed: Sequence[str]
    unseen: Sequence[str]
    latency_ms: float


class ExplainedAnswer(PredictionAnswer, ExplainedFields):
    """One record's prediction with its reasons, strongest first: what `explain=true` asks for."""


class IndexedPrediction(PredictionAnswer):
    """The prediction for the record at `index` of a batch."""

    index: Count


class RecordError(TypedDict):
    """Why the record at `index` of a batch was not scored.

    Attributes:
        field: the first that is wrong.
        detail: what is wrong with it.
        errors: every field that is wrong.
    """

    index: Count
    field: str
    detail: str
    errors: Sequence[FieldError]


class BatchAnswer(TypedDict):
    """Predictions in the order of the records, and the records that were refused."""

    model_version: str
    predictions: Sequence[IndexedPrediction]
    errors: Sequence[RecordError]
    latency_ms: float


class RejectedLabel(TypedDict):
    """Why the outcome at `index` was not taken."""

    index: Count
    reason: str


class LabelsAnswer(TypedDict):
    """What became of the outcomes."""

    accepted: Count
    joined: Count
    orphaned: Count
    duplicate: Count
    corrected: Count
    early: Count
    rejected: Sequence[RejectedLabel]


class ListedStudent(AssessedFields, ExplainedFields):
    """A student who needs help, and why.

    Attributes:
        units: unit column to where the student is, as far as it is known.
        lane: `known` is at risk already, `new` is not; `all` where the task cannot tell.
        rank: in the lane and school; 1 is the most urgent.
        rank_before: on the list of this period that was published last; null where the student was
            not on it.
        score_before: on that list.
        within: whether there is a place for the student.
        done: what somebody did last about the list of this period; null: nothing.
        assigned: who looks after the student; null: nobody.
    """

    student_id: str
    units: Mapping[str, str]
    period: str
    model_version: str
    lane: Lane
    rank: Rank
    rank_before: Rank | None
    score_before: float | None
    within: bool
    done: ActionKind | None
    assigned: str | None


class PublishedFields(TypedDict):
    """Which list of the period was published last."""

    list_id: str
    at: datetime


class ObjectingFields(TypedDict):
    """Who is on no list because of an objection to being scored.

    Attributes:
        students: how many they are.
        ids: the first of them.
    """

    students: Count
    ids: Sequence[str]


class StudentsAnswer(TypedDict):
    """A page of the list of students, most urgent first.

    Attributes:
        period: null where nothing is known yet.
        total: students on the whole list.
        counts: students of the period by status.
        lanes: how many students each lane of each school has, and how many of them there is a
            place for.
        published: the list of the period that was published last; null where none was.
        objecting: students of the period who are not scored because they object.
    """

    period: str | None
    model_version: str
    scale: Scale
    total: Count
    limit: int
    offset: int
    counts: Mapping[str, Count]
    lanes: Sequence[LaneRoom]
    published: PublishedFields | None
    objecting: ObjectingFields
    students: Sequence[ListedStudent]


class ErasureAnswer(TypedDict):
    """What was erased of a student: in all tasks, and in each that shares the register of ids.

    Attributes:
        receipt_id: under which the receipt is asked for again (`GET /erasures/{receipt_id}`), to
            see what other hosts have done since.
        deleted: in all of them.
        model_versions: of the task that was asked, those that learned from the student.
        models: what that means, in words; empty where none did.
        hosts: those that are known, and when each had freed its own files of the student.
        backups: how long a backup may hold the student.
        unit: whose id it is, where ids are unique within a unit only; else null.
        tasks: by the task's name.
        not_reached: tasks that share the register and that the key is not for, that count ids
            otherwise, or that this host does not serve; what they hold of the student is there.
    """

    receipt_id: str
    student_id: str
    unit: str | None
    at: datetime
    deleted: Mapping[str, Count]
    model_versions: Sequence[str]
    models: str
    tasks: Mapping[str, ErasedTask]
    not_reached: Sequence[str]
    hosts: Sequence[ErasedHost]
    backups: BackupHorizon


class ReadmissionAnswer(TypedDict):
    """The student is taken again, in these tasks; `unit` as in the receipt of an erasure."""

    student_id: str
    unit: str | None
    at: datetime
    tasks: Sequence[str]
