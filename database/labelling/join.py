"""Brings labels and orphans in line with the facts they are made from.

Per label: read its document's revision, then the facts, then replace the document at that
revision. A fact written in between is either seen, or its writer comes later and finds the
revision moved; so two writers end in the label that both facts make.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from database.driver.commands import Document, Op
from database.labelling.facts import Settled, Subject, gather
from database.labels import WITHDRAWN, LabelRepository, OrphanRepository
from database.mapping.documents import to_document
from database.outcomes import label_key, orphan_key
from database.students import StudentRepository
from model.label import Label, OrphanLabel
from model.labels.facts import Filed, Known
from model.labels.join import evidence_of

Orphans = Mapping[Subject, Mapping[str, Document]]
"""Student and period to the documents of what waits, by key."""


def settle(
    subjects: Iterable[Subject],
    students: Mapping[str, Document] | None = None,
    kept: Mapping[str, Filed] | None = None,
) -> Op[dict[Subject, Settled]]:
    """Writes what the facts about these subjects make, until nobody else interferes.

    Args:
        subjects: students' periods.
        students: documents of some of the students that have just been read. After the labels are
            written it is asked whether they still stand: who writes an observation looks for its
            label afterwards, so one of the two sees the other.
        kept: reports about these subjects that have just been kept for the first time, by id; where
            there are no others, these are not read.
    """
    settled: dict[Subject, Settled] = {}
    waiting = sorted(set(subjects))
    given = {i: students[i] for i, _ in waiting if i in students} if students else {}
    while waiting:
        labels = yield from LabelRepository().stored_many(label_key(*s) for s in waiting)
        orphans = yield from _orphans(waiting)
        facts = yield from gather(waiting, labels, given, kept or {})
        settled |= facts
        late = yield from _write_labels(facts, labels, orphans)
        fresh = yield from _write_orphans(facts, labels, orphans, late)
        again = {*late, *fresh}
        if (yield from StudentRepository().are_replaced(given.values())):
            again |= {subject for subject in waiting if subject[0] in given}
        waiting, given, kept = sorted(again), {}, None
    return settled


def _orphans(subjects: Sequence[Subject]) -> Op[Orphans]:
    found: dict[Subject, dict[str, Document]] = {subject: {} for subject in subjects}
    stored = yield from OrphanRepository().of_students(student_id for student_id, _ in subjects)
    for key, document in stored.items():
        subject = document["student_id"], document["period"]
        if subject in found:
            found[subject][key] = document
    return found


def _write_labels(
    facts: dict[Subject, Settled], labels: dict[str, Document], orphans: Orphans
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
        document = label_document(one, labels.get(key))
        if key not in labels:
            fresh.append(document)
        elif document != labels[key]:
            changed.append(document)
    late = {subjects[key] for key in (yield from LabelRepository().write(fresh, changed))}
    joined = [subject for subject in subjects.values() if subject not in late]
    yield from _drop_orphans([
        document
        for subject in joined
        for key, document in orphans[subject].items()
        if key not in _waiting_keys(facts[subject])
    ])  # fmt: skip
    return late


def _waiting_keys(one: Settled) -> set[str]:
    return {orphan_key(*_whose(orphan)) for orphan in one.waiting}


def _whose(orphan: OrphanLabel) -> tuple[str, str, str]:
    return orphan.student_id, orphan.period, orphan.unit


def _drop_orphans(found: Sequence[Document]) -> Op[None]:
    """Drops orphans that are joined now, unless a label was withdrawn since they were read."""
    by_revision: dict[int, list[str]] = defaultdict(list)
    for orphan in found:
        by_revision[orphan.get("revision", 0)].append(orphan["_id"])
    for revision, keys in by_revision.items():
        unmoved = revision or {"$exists": False}
        yield from OrphanRepository().remove(keys, revision=unmoved)


def _write_orphans(
    facts: dict[Subject, Settled],
    labels: dict[str, Document],
    orphans: Orphans,
    late: set[Subject],
) -> Op[set[Subject]]:
    """Writes the orphans and withdraws labels that are none any more; gives what to look at again.

    Features may have arrived while an orphan was written, or its label been written meanwhile.
    """
    fresh: set[Subject] = set()
    rows: list[Document] = []
    changed: list[Document] = []
    barred: list[Document] = []
    withdrawn: list[Document] = []
    for subject, one in facts.items():
        if not one.waiting or subject in late:
            continue
        label = labels.get(label_key(*subject))
        place = _place(one, label)
        if place is not None and place != label and not isinstance(one.outcome, Label):
            fresh.add(subject)
            (barred if label is None else withdrawn).append(place)
        for orphan in one.waiting:
            document = _orphan_document(orphan, place)
            stored = orphans[subject].get(document["_id"])
            if stored == document:
                continue
            # One that knew more may have written meanwhile; the next look reads what it read.
            fresh.add(subject)
            (rows if stored is None else changed).append(document)
    # The orphan before the label goes, so that one of them is there whenever somebody looks.
    yield from OrphanRepository().write(rows, changed)
    yield from LabelRepository().write(barred, withdrawn)
    return fresh


def _place(one: Settled, label: Document | None) -> Document | None:
    """What stands in the label's place while something waits; None where nothing needs to."""
    if isinstance(one.outcome, Label):
        return label_document(one, label)
    known = one.known
    if label is None and not known.predictions and known.observation is None:
        return None
    return _withdrawal(known, label)


def _orphan_document(orphan: OrphanLabel, place: Document | None) -> Document:
    """An orphan's document; where something stands in its label's place, it holds its revision."""
    document = to_document(orphan) | {"_id": orphan_key(*_whose(orphan))}
    return document if place is None else document | {"revision": place["revision"]}


def _withdrawal(known: Known, label: Document | None) -> Document:
    """What stands in a label's place while no report meets features that it may join.

    It holds nothing that a reader of labels looks for. It is there so that a writer that has not
    seen the report that bars the predictions finds the revision moved.
    """
    document: Document = {
        "_id": label_key(known.student_id, known.period),
        "student_id": known.student_id,
        "period": known.period,
        "first_observed_at": min(report.observed_at for report in known.reports),
        WITHDRAWN: True,
        **_apart(known, None),
    }
    return _in_place_of(label, document)


def label_document(one: Settled, stored: Document | None) -> Document:
    """A label's document, in the place of the one that is stored.

    `first_arrived_at` is what a training window is cut by: a correction changes a label's value
    and not its place. `features_at` is when its features became known. `first_observed_at` decides
    which features those are, so a report that moves it moves the revision.

    Raises:
        ValueError: the facts make no label.
    """
    label, facts = one.outcome, one.standing
    evidence = None if facts is None else evidence_of(facts)
    if not isinstance(label, Label) or facts is None or evidence is None:
        raise ValueError("the facts make no label")
    derived: Document = {
        "_id": label_key(label.student_id, label.period),
        "first_arrived_at": label.first_arrived_at,
        "features_at": evidence.known_at,
        "first_observed_at": facts.first_observed_at,
        **_apart(one.known, facts),
    }
    return _in_place_of(stored, to_document(label) | derived)


def _apart(known: Known, facts: Known | None) -> Document:
    """What of the facts decides about units and is not in the label, so that it moves the revision.

    Nothing where no unit is known.
    """
    observed = known.observation.unit if known.observation else ""
    joined = () if facts is None else facts.reports
    others = sum(bool(report.unit) for report in known.reports if report not in joined)
    found: Document = {"observed_unit": observed, "reports_apart": others}
    return {name: value for name, value in found.items() if value}


def _in_place_of(stored: Document | None, document: Document) -> Document:
    """The document with its revision: that of the stored one where both say the same."""
    if stored is None:
        return document | {"revision": 1}
    same = document | {"revision": stored["revision"]}
    return same if same == stored else document | {"revision": stored["revision"] + 1}
