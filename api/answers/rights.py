"""What is answered about objection, rectification and who has seen a student."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from typing_extensions import TypedDict

from api.answers.dossiers import StudentCorrection
from api.answers.filled import Count
from api.answers.predictions import ScoreFields
from model.prediction import RiskStatus


class ObjectionAnswer(TypedDict):
    """An objection that stands.

    Attributes:
        unit: whose id it is, where ids are unique within a unit only; else null.
        at: since when; of one that stood already, when that was laid.
        tasks: in which tasks the student is neither scored nor learned from.
        not_reached: tasks that share the register and that the key is not for, that count ids
            otherwise, or that this host does not serve: there the student is scored as before.
    """

    student_id: str
    unit: str | None
    at: datetime
    by: str
    reason: str
    tasks: Sequence[str]
    not_reached: Sequence[str]


class LiftedAnswer(TypedDict):
    """An objection that no longer stands.

    Attributes:
        tasks: in which tasks the student is scored and learned from again.
    """

    student_id: str
    unit: str | None
    at: datetime
    tasks: Sequence[str]


class ScoreThen(ScoreFields):
    """A score, and the status that goes with it."""

    status: RiskStatus


class RescoredFields(TypedDict):
    """What the champion says of the student's newest record, before and after.

    Attributes:
        prediction_id: of the score now, which is in the log of predictions.
    """

    prediction_id: str
    model_version: str
    period: str
    before: ScoreThen
    after: ScoreThen


class CorrectionAnswer(TypedDict):
    """Values that were put right.

    Attributes:
        rescored: null where only an outcome was put right, nobody serves, the student objects, or
            the key may not know the newest record.
    """

    student_id: str
    unit: str | None
    at: datetime
    corrections: Sequence[StudentCorrection]
    rescored: RescoredFields | None


class SightFields(TypedDict):
    """That somebody saw the student, or did something about one.

    Attributes:
        actor: the name of the key or person.
        kind: `key`, `person`, `token`, `command` or `worker`; empty where that is not told.
        action: what was done.
        task: in which task; empty: the installation.
    """

    at: datetime
    actor: str
    kind: str
    action: str
    task: str


class SeerFields(TypedDict):
    """Somebody who saw the student, over all the times.

    Attributes:
        times: how often.
    """

    actor: str
    kind: str
    action: str
    times: Count
    first: datetime
    last: datetime


class SeenByAnswer(TypedDict):
    """Who has seen a student, in every task that this host serves.

    Attributes:
        total: how often somebody did.
        seers: who did what how often, whoever was there last first.
        seen: each time, newest first.
    """

    student_id: str
    unit: str | None
    at: datetime
    total: Count
    limit: int
    offset: int
    seers: Sequence[SeerFields]
    seen: Sequence[SightFields]
