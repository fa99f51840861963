"""What the version in service says of one student now, and what would change that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from api.answers.assessments import AssessmentAnswer, ScoreChange
from api.answers.scales import score_fields
from api.champion import Champion
from api.cohorts.figures import Quartiles
from api.scoring import explained_fields
from database.driver.commands import Op
from database.students import StudentRepository
from database.tombstones import TombstoneRepository
from model.errors import ErasedStudent
from model.lists.published import Lane
from model.student import Features, Observation, Student, Value
from preprocessing.influence import ScoreStep, middles, steps
from preprocessing.lanes import new_cases
from preprocessing.longitudinal import recalled
from preprocessing.task.spec import TaskSpec


def known_student(student: str, mark: str) -> Op[Student | None]:
    """Everything the feature store holds of a student; None where that is nothing.

    Raises:
        ErasedStudent: the student was erased.
        RegistryError: it cannot be read.
    """
    if (yield from TombstoneRepository().among([mark])):
        raise ErasedStudent
    return (yield from StudentRepository().find(student))


def with_history(task: TaskSpec, seen: Observation, student: Student) -> Features:
    """The record of an observation, with what the student's earlier periods add to it."""
    return recalled(task.longitudinal, seen.features, seen.period, student.observations)


def assessment(
    champion: Champion,
    task: TaskSpec,
    seen: Observation,
    features: Features,
    *,
    sent_id: str,
    periods: Sequence[str],
    own: Mapping[str, Quartiles] | None,
) -> AssessmentAnswer:
    """What is answered about one student.

    Args:
        champion: who says it.
        task: what it is about.
        seen: the student's record of the period.
        features: of it, with what earlier periods add.
        sent_id: the student as asked for.
        periods: the others that can be asked for.
        own: the numbers of the caller's units; None: the caller may know of all units.
    """
    predictor, scale = champion.predictor, champion.thresholds.scale
    found = predictor.assess_one(features)
    aims = None if own is None else {n: (q.low, q.middle, q.high) for n, q in own.items()}
    return {
        "student_id": sent_id,
        "period": seen.period,
        "periods": periods,
        "units": seen.units,
        "scale": scale,
        "model_version": champion.version,
        **score_fields(scale, found.score, found.interval),
        "risk_label": found.label,
        "status": found.status,
        "known_weight": found.known_weight,
        "lane": lane_of(task, features),
        **explained_fields(champion, predictor.explain(features), found.score),
        "middle": shown_middles(champion, own),
        "changes": [_change(step) for step in steps(predictor, task, features, aims)],
    }


def shown_middles(
    champion: Champion | None, own: Mapping[str, Quartiles] | None
) -> dict[str, Value]:
    """The middle of what the version uses; of the caller's units for a key that is for some.

    Args:
        champion: the version; without one nothing is told.
        own: the numbers of the caller's units; None: the caller may know of all units.
    """
    known = {} if champion is None else middles(champion.predictor.encoder)
    if own is None:
        return known
    return {name: own[name].middle for name in known if name in own}


def lane_of(task: TaskSpec, features: Features) -> Lane:
    """Whether a student is at risk already or would be new, as the task tells them apart."""
    new = new_cases([features], task)
    if new is None:
        return Lane.ALL
    return Lane.NEW if new[0] else Lane.KNOWN


def _change(step: ScoreStep) -> ScoreChange:
    said: dict[str, Any] = {
        "feature": step.feature,
        "from": step.before,
        "to": step.after,
        "score_after": step.score,
    }
    return cast(ScoreChange, said)
