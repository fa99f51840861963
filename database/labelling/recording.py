"""Reported outcomes are kept, and joined to the features known when predicting.

What is stored first is the report itself (`database.outcomes`), then the label it makes; a note
(`database.labelling.pending`) bridges the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from database.driver.commands import Document, Op, Together
from database.driver.paging import in_parts
from database.labelling.bound import OthersMeanwhile, within_bound
from database.labelling.facts import Settled, Subject
from database.labelling.join import settle
from database.labelling.linking import link
from database.labelling.pending import PendingJoinRepository
from database.mapping.documents import milliseconds
from database.outcomes import OutcomeRepository, outcome_id
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.label import JoinStatus, Outcome
from model.labels.facts import Filed, JoinDecision, Known
from model.labels.filing import file_outcome, is_early
from model.labels.join import join, join_of_first, with_report

LANES = 2
"""Parts of a call that are recorded at once: one is worked out while the server keeps another."""


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
    parts, now, known = list(in_parts(placed)), milliseconds(now), students or {}
    recorded: dict[int, list[JoinDecision] | None] = {}
    if len(parts) > 1 and _are_apart(parts):
        lanes = [range(lane, len(parts), LANES) for lane in range(LANES)]
        done = yield Together(
            [_lane([parts[n] for n in lane], now, most_waiting, known) for lane in lanes]
        )
        for lane, found in zip(lanes, done, strict=True):
            recorded.update(zip(lane, found, strict=True))
    for number, part in enumerate(parts):
        those = recorded.get(number)
        if those is None:
            those = yield from _record(part, now, most_waiting, known)
        decisions += those
    return decisions


def _are_apart(parts: Sequence[Sequence[tuple[Outcome, int]]]) -> bool:
    """Whether no two parts are about one student, as far as they tell.

    Whom an outcome that names a prediction is about, only the prediction tells.
    """
    students = [{outcome.student_id for outcome, _ in part} for part in parts]
    if any(outcome.prediction_id is not None for part in parts for outcome, _ in part):
        return False
    return sum(map(len, students)) == len(set().union(*students))


def _lane(
    parts: Sequence[Sequence[tuple[Outcome, int]]],
    now: datetime,
    most_waiting: int | None,
    students: Mapping[str, Document],
) -> Op[list[list[JoinDecision] | None]]:
    """Records parts one after the other; None of one that was left for later, with nothing kept.

    What would wait for its features counts towards a bound, which is held by recording such parts
    when nothing else is recorded meanwhile.
    """
    done: list[list[JoinDecision] | None] = []
    for part in parts:
        try:
            done.append((yield from _record(part, now, most_waiting, students, alone=False)))
        except OthersMeanwhile:
            done.append(None)
    return done


def _record(
    reported: Sequence[tuple[Outcome, int]],
    now: datetime,
    most_waiting: int | None,
    students: Mapping[str, Document],
    *,
    alone: bool = True,
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
        filed = yield from within_bound(filed, most_waiting, students, alone=alone)
    kept = [one for one in filed if isinstance(one, Filed)]
    if not kept:
        return [one for one in filed if isinstance(one, JoinDecision)]
    ids = [outcome_id(one) if isinstance(one, Filed) else "" for one in filed]
    subjects = {(one.student_id, one.period) for one in kept}
    note = yield from PendingJoinRepository().owe(filter(None, ids), subjects, now)
    fresh = yield from OutcomeRepository().add_many(kept)
    # Of those that say the same the first is kept.
    pairs = list(zip(ids, filed, strict=True))
    first = {key: one for key, one in reversed(pairs) if key in fresh and isinstance(one, Filed)}
    settled = yield from settle(subjects, students, first)
    yield from _link_late({one.prediction_id for one in kept if one.period == ""})
    yield from PendingJoinRepository().paid(note)
    return _decide(filed, ids, fresh, settled)


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
