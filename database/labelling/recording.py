"""Reported outcomes are kept, and joined to the features known when predicting.

What is stored first is the report itself (`database.outcomes`), then the label it makes; a note
(`database.labelling.pending`) bridges the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from database.driver.commands import Document, Op
from database.driver.paging import in_parts
from database.labelling.facts import Settled, Subject, facts_of
from database.labelling.join import settle
from database.labelling.linking import link
from database.labelling.pending import PendingJoinRepository
from database.labels import OrphanRepository
from database.mapping.documents import milliseconds
from database.mapping.students import unit_in
from database.outcomes import OutcomeRepository, outcome_id
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.label import JoinStatus, Outcome
from model.labels.facts import Filed, JoinDecision, Known
from model.labels.filing import file_outcome, is_early
from model.labels.join import join, join_of_first, with_report
from model.labels.units import visible_to

_TOO_MANY = (
    "its features are not known here, and {} outcomes of this sender wait for theirs already: send "
    "the features first (POST /predict or a school file), then this outcome again"
)


def record_outcomes(
    reported: Sequence[Outcome],
    *,
    now: datetime,
    most_waiting: int | None = None,
    students: Mapping[str, Document] | None = None,
) -> Op[list[JoinDecision]]:
    """Keeps reported outcomes and joins them to the features known when predicting.

    Args:
        reported: as if sent one after the other; the same report twice counts once.
        now: when they arrived, aware UTC.
        most_waiting: how many outcomes of one source may wait for their features; what is beyond is
            refused. None sets no bound.
        students: documents of some of the students that have just been read or written.

    Returns:
        One decision per outcome, in the order they were given.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    decisions: list[JoinDecision] = []
    placed = [(_to_the_millisecond(outcome), place) for place, outcome in enumerate(reported)]
    for part in in_parts(placed):
        decisions += yield from _record(part, milliseconds(now), most_waiting, students or {})
    return decisions


def _record(
    reported: Sequence[tuple[Outcome, int]],
    now: datetime,
    most_waiting: int | None,
    students: Mapping[str, Document],
) -> Op[list[JoinDecision]]:
    named = yield from PredictionRepository().get_many(
        o.prediction_id for o, _ in reported if o.prediction_id is not None
    )
    filed = [
        file_outcome(outcome, named.get(outcome.prediction_id or ""), now, place)
        for outcome, place in reported
    ]
    if most_waiting is not None:
        named_students = {one.student_id for one in filed if isinstance(one, Filed) and one.period}
        read = yield from StudentRepository().stored_many(named_students - students.keys())
        students = {**students, **read}
        filed = yield from _bounded(filed, most_waiting, students)
    kept = [one for one in filed if isinstance(one, Filed)]
    if not kept:
        return [one for one in filed if isinstance(one, JoinDecision)]
    ids = [outcome_id(one) if isinstance(one, Filed) else "" for one in filed]
    subjects = {(one.student_id, one.period) for one in kept}
    note = yield from PendingJoinRepository().owe(filter(None, ids), subjects, now)
    fresh = yield from OutcomeRepository().add_many(kept)
    settled = yield from settle(subjects, students)
    yield from _link_late({one.prediction_id for one in kept if one.period == ""})
    yield from PendingJoinRepository().paid(note)
    return _decide(filed, ids, fresh, settled)


def _bounded(
    filed: Sequence[Filed | JoinDecision], most_waiting: int, students: Mapping[str, Document]
) -> Op[list[Filed | JoinDecision]]:
    """Refuses outcomes that would wait for features beyond the bound of their source.

    Args:
        filed: what is asked for, in order.
        most_waiting: per source.
        students: documents of their students, as far as they have any.
    """
    doubtful = [f for f in filed if isinstance(f, Filed) and not _has_features(f, students)]
    facts = yield from facts_of(((one.student_id, one.period) for one in doubtful), students)
    waiting = {
        _place(one)
        for one in doubtful
        if _is_unknown(visible_to(one.report.unit, facts[one.student_id, one.period].known))
    }
    if not waiting:
        return list(filed)
    sources = {one.report.source for one in doubtful}
    left = {}
    for source in sources:
        number = yield from OrphanRepository().count_from(source)
        left[source] = max(0, most_waiting - number)
    bounded: list[Filed | JoinDecision] = []
    for one in filed:
        if isinstance(one, Filed) and _place(one) in waiting:
            if not left[one.report.source]:
                bounded.append(JoinDecision(JoinStatus.REJECTED, _TOO_MANY.format(most_waiting)))
                continue
            left[one.report.source] -= 1
            waiting.discard(_place(one))
        bounded.append(one)
    return bounded


def _has_features(one: Filed, students: Mapping[str, Document]) -> bool:
    """Whether a report sees features, as far as its prediction and these documents tell."""
    if one.prediction_id and one.period:
        return True
    student = students.get(one.student_id)
    unit = None if student is None else unit_in(student, one.period)
    return unit is not None and one.report.unit in {"", unit}


def _place(one: Filed) -> tuple[str, str, str]:
    return one.student_id, one.period, one.report.unit


def _is_unknown(known: Known) -> bool:
    return not known.reports and known.observation is None and not known.predictions


def _decide(
    filed: Sequence[Filed | JoinDecision],
    ids: Sequence[str],
    fresh: set[str],
    settled: dict[Subject, Settled],
) -> list[JoinDecision]:
    """Applies the new reports one by one to what was known before them."""
    state: dict[Subject, Known] = {}
    for subject, one in settled.items():
        if _is_first(one, fresh):
            continue
        pairs = zip(one.known.reports, one.report_ids, strict=True)
        before = tuple(report for report, report_id in pairs if report_id not in fresh)
        state[subject] = replace(one.known, reports=before)
    decisions: list[JoinDecision] = []
    waiting = set(fresh)
    for one_filed, report_id in zip(filed, ids, strict=True):
        if isinstance(one_filed, JoinDecision):
            decisions.append(one_filed)
            continue
        subject = (one_filed.student_id, one_filed.period)
        if report_id not in waiting:
            early = is_early(one_filed)
            decisions.append(JoinDecision(JoinStatus.DUPLICATE, "reported before", early))
            continue
        waiting.discard(report_id)
        if subject in state:
            decision = join(one_filed.report, state[subject])
        else:
            decision = join_of_first(settled[subject].standing)
        decisions.append(replace(decision, early=True) if is_early(one_filed) else decision)
        if subject in state and len(filed) > len(settled):  # Somebody is reported twice.
            state[subject] = with_report(state[subject], one_filed.report)
    return decisions


def _is_first(one: Settled, fresh: set[str]) -> bool:
    """Whether a new report that may see all is the only one there is."""
    reports = one.known.reports
    return len(reports) == 1 and not reports[0].unit and one.report_ids[0] in fresh


def _link_late(prediction_ids: set[str | None]) -> Op[None]:
    """Looks once more for predictions that arrived while their outcome was being kept."""
    named = sorted(i for i in prediction_ids if i is not None)
    if named:
        yield from link(named)


def _to_the_millisecond(outcome: Outcome) -> Outcome:
    """An outcome as the registry keeps it: what happened now must not seem to lie ahead of now."""
    moment = milliseconds(outcome.observed_at)
    return outcome if moment == outcome.observed_at else replace(outcome, observed_at=moment)
