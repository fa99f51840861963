"""How many outcomes of one sender may wait for their features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from database.driver.commands import Document, Op
from database.labelling.facts import facts_of
from database.labels import OrphanRepository
from database.mapping.students import unit_in
from model.label import JoinStatus
from model.labels.facts import Filed, JoinDecision, Known
from model.labels.units import visible_to

_TOO_MANY = (
    "its features are not known here, and {} outcomes of this sender wait for theirs already: send "
    "the features first (POST /predict or a school file), then this outcome again"
)


class OthersMeanwhile(Exception):
    """An outcome would wait, and others of its call are recorded meanwhile."""


def within_bound(
    filed: Sequence[Filed | JoinDecision],
    most_waiting: int,
    students: Mapping[str, Document],
    *,
    alone: bool,
) -> Op[list[Filed | JoinDecision]]:
    """Refuses outcomes that would wait for features beyond the bound of their source.

    Args:
        filed: what is asked for, in order.
        most_waiting: per source.
        students: documents of their students, as far as they have any.
        alone: whether nothing else of the call is recorded meanwhile.

    Raises:
        OthersMeanwhile: one would wait, and this is not done alone.
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
    if not alone:
        raise OthersMeanwhile
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
