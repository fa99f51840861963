"""The facts about a student's period, gathered from where they are kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from database.driver.commands import Document, Op
from database.labels import WITHDRAWN, LabelRepository
from database.mapping.documents import from_document
from database.mapping.students import observation_in
from database.outcomes import OutcomeRepository, label_key
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.anonymous import prediction_of
from model.label import Label, OrphanLabel
from model.labels.facts import DatedFeatures, Filed, Known, Report, subject_of
from model.labels.join import made_of, orphans, standing
from model.prediction import Prediction
from model.student import Observation

Subject = tuple[str, str]
"""A student's id and a period."""


@dataclass(frozen=True, slots=True)
class Settled:
    """One subject after settling: its facts, the ids of its reports, and what they make.

    Attributes:
        standing: of the facts, those that make the label; None where there is none.
        outcome: the label, or what waits for the features of any unit.
        waiting: what waits for its features, by unit.
    """

    known: Known
    report_ids: tuple[str, ...]
    standing: Known | None
    outcome: Label | OrphanLabel | None
    waiting: tuple[OrphanLabel, ...]


def facts_of(
    subjects: Iterable[Subject], students: Mapping[str, Document] | None = None
) -> Op[dict[Subject, Settled]]:
    """What is known about these subjects, and what it makes; writes nothing.

    Args:
        subjects: students' periods.
        students: documents of some of the students that have just been read.
    """
    wanted = sorted(set(subjects))
    if not wanted:
        return {}
    labels = yield from LabelRepository().stored_many(label_key(*subject) for subject in wanted)
    return (yield from gather(wanted, labels, students or {}))


def gather(
    subjects: Sequence[Subject],
    labels: Mapping[str, Document],
    students: Mapping[str, Document],
    kept: Mapping[str, Filed] = MappingProxyType({}),
) -> Op[dict[Subject, Settled]]:
    """What is known about these subjects, and what it makes.

    Args:
        subjects: students' periods.
        labels: what stands in their labels' places, by key.
        students: documents of some of the students; the others are read.
        kept: reports about them that have just been kept for the first time, by id.
    """
    reports = yield from _reports([label_key(*subject) for subject in subjects], kept)
    served = yield from _predictions(subjects)
    unread = {i for i, _ in subjects if i not in students and prediction_of(i) is None}
    known_students = {**students, **(yield from StudentRepository().stored_many(unread))}
    return {
        (student_id, period): _settled(
            (student_id, period),
            reports.get(label_key(student_id, period), []),
            served.get((student_id, period), []),
            observation_in(student, period) if student else None,
            labels.get(label_key(student_id, period)),
        )
        for student_id, period in subjects
        for student in [known_students.get(student_id)]
    }


def _reports(
    keys: Sequence[str], kept: Mapping[str, Filed]
) -> Op[Mapping[str, list[tuple[str, Report]]]]:
    """The reports under these label keys, each with its id.

    Where there are no more than have just been kept it is these, and none is read: who keeps
    another one meanwhile finds the label that they make, or is found by the count.
    """
    if kept and (yield from OutcomeRepository().count_of_keys(keys)) == len(kept):
        by_key: dict[str, list[tuple[str, Report]]] = defaultdict(list)
        for report_id, one in kept.items():
            by_key[label_key(one.student_id, one.period)].append((report_id, one.report))
        return by_key
    return (yield from OutcomeRepository().of_keys(keys))


def _predictions(subjects: Sequence[Subject]) -> Op[dict[Subject, list[Prediction]]]:
    named = [s for s, _ in subjects if prediction_of(s) is None]
    anonymous = [one for s, _ in subjects if (one := prediction_of(s)) is not None]
    found: list[Prediction] = []
    if named:
        periods = {period for _, period in subjects}
        found += yield from PredictionRepository().of_students(named, periods)
    found += (yield from PredictionRepository().get_many(anonymous)).values()
    served: dict[Subject, list[Prediction]] = defaultdict(list)
    for prediction in found:
        served[subject_of(prediction)].append(prediction)
    return served


def _settled(
    subject: Subject,
    reports: Sequence[tuple[str, Report]],
    served: Sequence[Prediction],
    observation: Observation | None,
    label: Document | None,
) -> Settled:
    known = Known(
        student_id=subject[0],
        period=subject[1],
        reports=tuple(report for _, report in reports),
        predictions=(*map(DatedFeatures.of_prediction, served), *_remembered(label, served)),
        observation=observation or _observed(label),
    )
    ids = tuple(i for i, _ in reports)
    facts = standing(known)
    return Settled(known, ids, facts, made_of(known, facts), orphans(known, facts))


def _remembered(label: Document | None, served: Sequence[Prediction]) -> list[DatedFeatures]:
    """What the label keeps of a prediction that retention has removed."""
    if label is None or "prediction_id" not in label:
        return []
    if any(p.prediction_id == label["prediction_id"] for p in served):
        return []
    was = from_document(Label, label)
    return [
        DatedFeatures(
            known_at=label["features_at"],
            features=was.features,
            prediction_id=was.prediction_id,
            risk_score=was.risk_score,
            model_version=was.model_version,
            units=was.units,
            unit=was.unit,
        )
    ]


def _observed(label: Document | None) -> Observation | None:
    """What the label keeps of an observation that is gone."""
    if label is None or "prediction_id" in label or label.get(WITHDRAWN):
        return None
    was = from_document(Label, label)
    return Observation(
        student_id=was.student_id,
        period=was.period,
        features=was.features,
        observed_at=label["features_at"],
        protected=was.protected,
        units=was.units,
        unit=was.unit,
    )
