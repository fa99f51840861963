"""Brings labels and orphans in line with the facts they are made from.

Per label: read its document's revision, then the facts, then replace the document at that
revision. A fact written in between is either seen, or its writer comes later and finds the
revision moved; so two writers end in the label that both facts make.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from database.driver.commands import Document, Op
from database.labels import WITHDRAWN, LabelRepository, OrphanRepository
from database.mapping.documents import from_document, to_document
from database.outcomes import OutcomeRepository, label_key
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.anonymous import prediction_of
from model.label import Label, OrphanLabel
from model.label_facts import DatedFeatures, Known, Report, subject_of
from model.label_join import evidence_of, view
from model.prediction import Prediction
from model.student import Observation, Student

Subject = tuple[str, str]
"""A student's id and a period."""


@dataclass(frozen=True, slots=True)
class Settled:
    """One subject after settling: its facts, the ids of its reports, and what they make."""

    known: Known
    report_ids: tuple[str, ...]
    outcome: Label | OrphanLabel | None


def settle(subjects: Iterable[Subject]) -> Op[dict[Subject, Settled]]:
    """Writes what the facts about these subjects make, until nobody else interferes."""
    settled: dict[Subject, Settled] = {}
    waiting = sorted(set(subjects))
    while waiting:
        keys = [label_key(*subject) for subject in waiting]
        labels = yield from LabelRepository().stored_many(keys)
        orphans = yield from OrphanRepository().stored_many(keys)
        facts = yield from _gather(waiting, labels)
        settled |= facts
        late = yield from _write_labels(facts, labels, orphans)
        fresh = yield from _write_orphans(facts, labels, orphans)
        waiting = sorted({*late, *fresh})
    return settled


def facts_of(subjects: Iterable[Subject]) -> Op[dict[Subject, Settled]]:
    """What is known about these subjects, and what it makes; writes nothing."""
    wanted = sorted(set(subjects))
    if not wanted:
        return {}
    labels = yield from LabelRepository().stored_many(label_key(*subject) for subject in wanted)
    return (yield from _gather(wanted, labels))


def _gather(subjects: Sequence[Subject], labels: dict[str, Document]) -> Op[dict[Subject, Settled]]:
    reports = yield from OutcomeRepository().of_keys([label_key(*subject) for subject in subjects])
    served = yield from _predictions(subjects)
    known_students = yield from StudentRepository().get_many(i for i, _ in subjects)
    return {
        subject: _settled(
            subject,
            reports.get(label_key(*subject), []),
            served.get(subject, []),
            known_students.get(subject[0]),
            labels.get(label_key(*subject)),
        )
        for subject in subjects
    }


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
    student: Student | None,
    label: Document | None,
) -> Settled:
    known = Known(
        student_id=subject[0],
        period=subject[1],
        reports=tuple(report for _, report in reports),
        predictions=(*map(DatedFeatures.of_prediction, served), *_remembered(label, served)),
        observation=(student and student.in_period(subject[1])) or _observed(label),
    )
    return Settled(known, tuple(i for i, _ in reports), view(known))


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
    )


def _write_labels(
    facts: dict[Subject, Settled], labels: dict[str, Document], orphans: dict[str, Document]
) -> Op[set[Subject]]:
    """Writes the joined ones; gives those that somebody else wrote meanwhile."""
    fresh: list[Document] = []
    changed: list[Document] = []
    subjects: dict[str, Subject] = {}
    for subject, one in facts.items():
        if not isinstance(one.outcome, Label):
            continue
        key = label_key(*subject)
        subjects[key] = subject
        document = label_document(one.outcome, one.known, labels.get(key))
        if key not in labels:
            fresh.append(document)
        elif document | {"revision": labels[key]["revision"]} != labels[key]:
            changed.append(document)
    late = {subjects[key] for key in (yield from LabelRepository().write(fresh, changed))}
    found = [k for k, s in subjects.items() if k in orphans and s not in late]
    yield from _drop_orphans([orphans[key] for key in found])
    return late


def _drop_orphans(found: Sequence[Document]) -> Op[None]:
    """Drops orphans that are joined now, unless a label was withdrawn since they were read."""
    by_revision: dict[int, list[str]] = defaultdict(list)
    for orphan in found:
        by_revision[orphan.get("revision", 0)].append(orphan["_id"])
    for revision, keys in by_revision.items():
        unmoved = revision or {"$exists": False}
        yield from OrphanRepository().remove(keys, revision=unmoved)


def _write_orphans(
    facts: dict[Subject, Settled], labels: dict[str, Document], orphans: dict[str, Document]
) -> Op[set[Subject]]:
    """Writes the orphans and withdraws labels that are none any more; gives what to look at again.

    Features may have arrived while an orphan was written, or its label been written meanwhile.
    """
    fresh: dict[str, Subject] = {}
    rows: list[Document] = []
    changed: list[Document] = []
    barred: list[Document] = []
    withdrawn: list[Document] = []
    for subject, one in facts.items():
        if not isinstance(one.outcome, OrphanLabel):
            continue
        key = label_key(*subject)
        label = labels.get(key)
        place = _withdrawal(one.known, label) if label or one.known.predictions else None
        if place is not None and place != label:
            fresh[key] = subject
            if label is None:
                barred.append(place)
            else:
                withdrawn.append(place)
        document = _orphan_document(one.outcome, place)
        if key not in orphans:
            fresh[key] = subject
            rows.append(document)
        elif document != orphans[key]:
            # One that knew more may have written meanwhile; the next look reads what it read.
            fresh[key] = subject
            changed.append(document)
    # The orphan before the label goes, so that one of them is there whenever somebody looks.
    yield from OrphanRepository().write(rows, changed)
    yield from LabelRepository().write(barred, withdrawn)
    return set(fresh.values())


def _orphan_document(orphan: OrphanLabel, place: Document | None) -> Document:
    """An orphan's document; where its label was withdrawn it holds the revision of that."""
    document = to_document(orphan) | {"_id": label_key(orphan.student_id, orphan.period)}
    return document if place is None else document | {"revision": place["revision"]}


def _withdrawal(known: Known, label: Document | None) -> Document:
    """What stands in a label's place while all its predictions are younger than its outcome.

    It holds nothing that a reader of labels looks for. It is there so that a writer that has not
    seen the report that bars the predictions finds the revision moved.
    """
    document: Document = {
        "_id": label_key(known.student_id, known.period),
        "student_id": known.student_id,
        "period": known.period,
        "first_observed_at": known.first_observed_at,
        WITHDRAWN: True,
    }
    if label is None:
        return document | {"revision": 1}
    if document | {"revision": label["revision"]} == label:
        return label
    return document | {"revision": label["revision"] + 1}


def label_document(label: Label, known: Known, stored: Document | None) -> Document:
    """A label's document, in the place of the one that is stored.

    `first_arrived_at` is what a training window is cut by: a correction changes a label's value
    and not its place. `features_at` is when its features became known. `first_observed_at` decides
    which features those are, so a report that moves it moves the revision.
    """
    evidence = evidence_of(known)
    derived: Document = {
        "_id": label_key(label.student_id, label.period),
        "first_arrived_at": label.history[0].arrived_at if label.history else label.arrived_at,
        "features_at": evidence.known_at if evidence else label.arrived_at,
        "first_observed_at": known.first_observed_at,
        "revision": stored["revision"] + 1 if stored else 1,
    }
    return to_document(label) | derived
