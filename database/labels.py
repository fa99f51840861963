"""Outcomes joined to the features that were known when predicting: the labelled rows.

What is stored first is the report itself (`database.outcomes`), then the label it makes. In
between, a note in `pending_joins` says which labels are owed, so a process that dies loses none:
`database.repair` pays them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from datetime import datetime

from database import outcomes, predictions
from database.driver.commands import Count, DeleteMany, Document, Find, InsertMany, Op
from database.driver.gc_pause import quiet
from database.driver.paging import in_parts
from database.labelling.join import LABELS, ORPHANS, WITHDRAWN, Settled, Subject, facts_of, settle
from database.mapping.documents import from_document, milliseconds
from database.outcomes import label_key
from model.anonymous import anonymous
from model.errors import NotFound
from model.label import JoinStatus, Label, OrphanLabel, Outcome
from model.label_join import (
    Filed,
    JoinDecision,
    Known,
    as_of,
    file_outcome,
    is_early,
    join,
    may_join,
    subject_of,
    with_report,
)
from model.prediction import Prediction

PENDING = "pending_joins"
_TOO_MANY = (
    "its features are not known here, and {} outcomes of this sender wait for theirs already: send "
    "the features first (POST /predict or a school file), then this outcome again"
)
_JOINED = {WITHDRAWN: {"$exists": False}}
_NEWEST_FIRST = [("first_arrived_at", -1), ("period", -1), ("student_id", -1)]


def record(
    reported: Sequence[Outcome], *, now: datetime, most_waiting: int | None = None
) -> Op[list[JoinDecision]]:
    """Keeps reported outcomes and joins them to the features known when predicting.

    Args:
        reported: as if sent one after the other; the same report twice counts once.
        now: when they arrived, aware UTC.
        most_waiting: how many outcomes of one source may wait for their features; what is beyond is
            refused. None sets no bound.

    Returns:
        One decision an outcome, in the order they were given.
    """
    decisions: list[JoinDecision] = []
    placed = [(_to_the_millisecond(outcome), place) for place, outcome in enumerate(reported)]
    for part in in_parts(placed):
        decisions += yield from _record(part, milliseconds(now), most_waiting)
    return decisions


def join_orphans(
    *,
    now: datetime,
    student_ids: Sequence[str] | None = None,
    prediction_ids: Sequence[str] | None = None,
) -> Op[int]:
    """Joins orphans whose features have arrived; gives how many outcomes found theirs.

    Args:
        now: orphans that arrived later are left.
        student_ids: whose features arrived, if known.
        prediction_ids: which predictions arrived, if known. With neither, every orphan is tried.
    """
    arrived = {"arrived_at": {"$lte": milliseconds(now)}}
    joined = 0
    if student_ids is None and prediction_ids is None:
        orphans = yield Find(ORPHANS, arrived, fields=["student_id", "period"])
        for part in in_parts(orphans):
            joined += yield from _join(part)
        return joined
    for part in in_parts([*(student_ids or ()), *map(anonymous, prediction_ids or ())]):
        where = {"student_id": {"$in": part}} | arrived
        orphans = yield Find(ORPHANS, where, fields=["student_id", "period"])
        joined += yield from _join(orphans)
    return joined


def window(*, arrived_until: datetime, limit: int) -> Op[list[Label]]:
    """The newest labels as they stood at a moment, newest first; `limit` 0 is all.

    A label that was corrected after that moment comes with the value it had then.
    """
    until = milliseconds(arrived_until)
    found = yield Find(
        LABELS, {"first_arrived_at": {"$lte": until}}, sort=_NEWEST_FIRST, limit=limit
    )
    with quiet():
        stood = (as_of(from_document(Label, document), until) for document in found)
        return [label for label in stood if label is not None]


def beyond(*, arrived_until: datetime, limit: int) -> Op[dict[str, int]]:
    """Period to how many labels `window` of the same arguments leaves out; 0 is no limit."""
    if not limit:
        return {}
    where = {"first_arrived_at": {"$lte": milliseconds(arrived_until)}}
    older = yield Find(LABELS, where, sort=_NEWEST_FIRST, skip=limit, fields=["period"])
    return dict(sorted(Counter(row["period"] for row in older).items()))


def get(student_id: str, period: str) -> Op[Label]:
    """The label of a student and period.

    Raises:
        NotFound: no outcome has been joined there.
    """
    found = yield Find(LABELS, {"_id": label_key(student_id, period)} | _JOINED)
    if not found:
        raise NotFound("no label of that student and period")
    return from_document(Label, found[0])


def recent(limit: int) -> Op[list[Label]]:
    """The labels that arrived or changed last, newest first."""
    found = yield Find(LABELS, _JOINED, sort=[("arrived_at", -1), ("_id", 1)], limit=limit)
    return [from_document(Label, document) for document in found]


def of_predictions(prediction_ids: Sequence[str]) -> Op[list[Label]]:
    """The labels joined to one of these predictions."""
    found: list[Document] = []
    for part in in_parts(prediction_ids):
        found += yield Find(LABELS, {"prediction_id": {"$in": part}})
    return [from_document(Label, document) for document in found]


def orphans(limit: int = 0) -> Op[list[OrphanLabel]]:
    """The outcomes that wait for their features, newest first; `limit` 0 is all."""
    found = yield Find(ORPHANS, {}, sort=[("arrived_at", -1), ("_id", 1)], limit=limit)
    return [from_document(OrphanLabel, document) for document in found]


def count() -> Op[int]:
    """How many labels there are."""
    number: int = yield Count(LABELS, _JOINED)
    return number


def count_orphans() -> Op[int]:
    """How many outcomes wait for their features."""
    number: int = yield Count(ORPHANS, {})
    return number


def _record(
    reported: Sequence[tuple[Outcome, int]], now: datetime, most_waiting: int | None
) -> Op[list[JoinDecision]]:
    named = yield from _by_id({o.prediction_id for o, _ in reported if o.prediction_id is not None})
    filed = [
        file_outcome(outcome, named.get(outcome.prediction_id or ""), now, place)
        for outcome, place in reported
    ]
    if most_waiting is not None:
        filed = yield from _bounded(filed, set(named), most_waiting)
    kept = [one for one in filed if isinstance(one, Filed)]
    if not kept:
        return [one for one in filed if isinstance(one, JoinDecision)]
    subjects = {(one.student_id, one.period) for one in kept}
    note = yield from _owe(kept, now)
    fresh = yield from outcomes.add_many(kept)
    settled = yield from settle(subjects)
    yield from _link_late({one.prediction_id for one in kept if one.period == ""})
    yield DeleteMany(PENDING, {"_id": note})
    return _decide(filed, fresh, settled)


def _bounded(
    filed: Sequence[Filed | JoinDecision], known: Set[str], most_waiting: int
) -> Op[list[Filed | JoinDecision]]:
    """Refuses outcomes that would wait for features beyond the bound of their source.

    Args:
        filed: what is asked for, in order.
        known: predictions that are here; an outcome that names one is not looked at.
        most_waiting: per source.
    """
    doubtful = [f for f in filed if isinstance(f, Filed) and f.prediction_id not in known]
    facts = yield from facts_of({(one.student_id, one.period) for one in doubtful})
    waiting = {
        subject
        for subject, one in facts.items()
        if not one.known.reports and one.known.observation is None and not one.known.predictions
    }
    if not waiting:
        return list(filed)
    sources = {one.report.source for one in doubtful}
    left = {}
    for source in sources:
        number = yield Count(ORPHANS, {"source": source})
        left[source] = max(0, most_waiting - number)
    bounded: list[Filed | JoinDecision] = []
    for one in filed:
        if isinstance(one, Filed) and (one.student_id, one.period) in waiting:
            if not left[one.report.source]:
                bounded.append(JoinDecision(JoinStatus.REJECTED, _TOO_MANY.format(most_waiting)))
                continue
            left[one.report.source] -= 1
            waiting.discard((one.student_id, one.period))
        bounded.append(one)
    return bounded


def _owe(kept: Sequence[Filed], now: datetime) -> Op[str]:
    """Notes which labels are owed, before the reports that make them are kept."""
    ids = sorted(outcomes.outcome_id(one) for one in kept)
    note = hashlib.sha256("".join(ids).encode()).hexdigest()[:32]
    subjects = sorted({(one.student_id, one.period) for one in kept})
    document = {"_id": note, "subjects": [list(one) for one in subjects], "noted_at": now}
    yield InsertMany(PENDING, [document])
    return note


def _decide(
    filed: Sequence[Filed | JoinDecision], fresh: set[str], settled: dict[Subject, Settled]
) -> list[JoinDecision]:
    """Plays the new reports one by one onto what was known before them."""
    state: dict[Subject, Known] = {}
    for subject, one in settled.items():
        pairs = zip(one.known.reports, one.report_ids, strict=True)
        before = tuple(report for report, report_id in pairs if report_id not in fresh)
        state[subject] = replace(one.known, reports=before)
    decisions: list[JoinDecision] = []
    waiting = set(fresh)
    for one_filed in filed:
        if isinstance(one_filed, JoinDecision):
            decisions.append(one_filed)
            continue
        subject = (one_filed.student_id, one_filed.period)
        report_id = outcomes.outcome_id(one_filed)
        if report_id not in waiting:
            early = is_early(one_filed)
            decisions.append(JoinDecision(JoinStatus.DUPLICATE, "reported before", early))
            continue
        waiting.discard(report_id)
        decision = join(one_filed.report, state[subject])
        decisions.append(replace(decision, early=is_early(one_filed)))
        state[subject] = with_report(state[subject], one_filed.report)
    return decisions


def _link_late(prediction_ids: set[str | None]) -> Op[None]:
    """Looks once more for predictions that arrived while their outcome was being kept."""
    named = sorted(i for i in prediction_ids if i is not None)
    if named:
        yield from link(named)


def _by_id(prediction_ids: Iterable[str]) -> Op[dict[str, Prediction]]:
    named: dict[str, Prediction] = {}
    for part in in_parts(sorted(prediction_ids)):
        found = yield Find(predictions.COLLECTION, {"_id": {"$in": part}})
        for document in found:
            named[document["_id"]] = from_document(Prediction, document, key=predictions.KEY)
    return named


def link(prediction_ids: Sequence[str]) -> Op[int]:
    """Moves reports that waited for a prediction to its student and period; gives the labels made.

    A report that its prediction contradicts stays where it is: it is kept, and is nobody's label.
    """
    served = yield from _by_id(prediction_ids)
    waiting = yield from outcomes.of_predictions(served)
    left = [one for one in waiting if may_join(one, served[one.student_id[1:]])]
    moved = [_moved(one, served[one.student_id[1:]]) for one in left]
    yield from outcomes.add_many(moved)
    settled = yield from settle((one.student_id, one.period) for one in moved)
    # Only what is kept under its new key by now is removed from the old one.
    yield from outcomes.remove(left)
    yield from drop_emptied([label_key(anonymous(i), "") for i in served])
    return sum(isinstance(one.outcome, Label) for one in settled.values())


def _moved(filed: Filed, served: Prediction) -> Filed:
    student_id, period = subject_of(served)
    return Filed(student_id, period, filed.report, filed.prediction_id)


def drop_emptied(keys: list[str]) -> Op[None]:
    """Drops the orphans under these keys that no report is left of."""
    kept = yield from outcomes.of_keys(keys)
    yield DeleteMany(ORPHANS, {"_id": {"$in": [key for key in keys if key not in kept]}})


def _join(orphan_rows: Sequence[Document]) -> Op[int]:
    subjects = [(row["student_id"], row["period"]) for row in orphan_rows]
    dated = [subject for subject in subjects if subject[1]]
    settled = yield from settle(dated)
    waiting = [student_id[1:] for student_id, period in subjects if not period]
    linked = (yield from link(waiting)) if waiting else 0
    return linked + sum(isinstance(one.outcome, Label) for one in settled.values())


def _to_the_millisecond(outcome: Outcome) -> Outcome:
    """An outcome as the registry keeps it: what happened now must not seem to lie ahead of now."""
    return replace(outcome, observed_at=milliseconds(outcome.observed_at))
