"""Joins what waits to the features that have arrived."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from database.driver.commands import Op
from database.driver.paging import in_parts
from database.labelling.facts import Subject
from database.labelling.join import settle
from database.labels import LabelRepository, OrphanRepository
from database.outcomes import OutcomeRepository, label_key
from database.predictions import PredictionRepository
from model.anonymous import MARK, anonymous
from model.label import Label
from model.labels.facts import Filed, subject_of
from model.labels.filing import may_join
from model.prediction import Prediction
from model.student import Observation


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

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    joined = 0
    if student_ids is None and prediction_ids is None:
        waiting = yield from OrphanRepository().waiting(arrived_until=now)
        for part in in_parts(waiting):
            joined += yield from _join(part)
        return joined
    for ids in in_parts([*(student_ids or ()), *map(anonymous, prediction_ids or ())]):
        waiting = yield from OrphanRepository().waiting(arrived_until=now, student_ids=ids)
        joined += yield from _join(waiting)
    return joined


def join_newest(*, since: datetime, most: int) -> Op[int]:
    """Joins the orphans that arrived last, where their features have; gives how many did.

    Args:
        since: what arrived before is left.
        most: so many at most, the newest.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    waiting = yield from OrphanRepository().arrived_since(since, most=most)
    joined = 0
    for part in in_parts(waiting):
        joined += yield from _join(part)
    return joined


def rejoin(observations: Sequence[Observation]) -> Op[int]:
    """Makes the labels anew that these observations move into another unit; gives how many.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    units = {(o.student_id, o.period): o.unit for o in observations if o.unit}
    keys = {label_key(*subject): subject for subject in units}
    stored = yield from LabelRepository().stored_many(keys)
    moved = [
        keys[key] for key, label in stored.items() if label.get("unit", "") != units[keys[key]]
    ]
    for part in in_parts(moved):
        yield from settle(part)
    return len(moved)


def link(prediction_ids: Sequence[str]) -> Op[int]:
    """Moves reports that waited for a prediction to its student and period; gives the labels made.

    A report that its prediction contradicts stays where it is, as does one of another unit than
    the prediction's: it is kept, and is nobody's label.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    served = yield from PredictionRepository().get_many(prediction_ids)
    waiting = yield from OutcomeRepository().of_predictions(served)
    left = [one for one in waiting if may_join(one, served[one.student_id.removeprefix(MARK)])]
    moved = [_moved(one, served[one.student_id.removeprefix(MARK)]) for one in left]
    yield from OutcomeRepository().add_many(moved)
    settled = yield from settle((one.student_id, one.period) for one in moved)
    # Only what is kept under its new key by now is removed from the old one.
    yield from OutcomeRepository().remove(left)
    yield from drop_emptied([(anonymous(i), "") for i in served])
    return sum(isinstance(one.outcome, Label) for one in settled.values())


def drop_emptied(subjects: Collection[Subject]) -> Op[None]:
    """Drops the orphans of these subjects that no report is left of.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    kept = yield from OutcomeRepository().of_keys([label_key(*subject) for subject in subjects])
    orphans = yield from OrphanRepository().of_students(student_id for student_id, _ in subjects)
    left = {(key, report.unit) for key, reports in kept.items() for _, report in reports}
    emptied = [
        key
        for key, row in orphans.items()
        if (row["student_id"], row["period"]) in subjects
        and (label_key(row["student_id"], row["period"]), row.get("unit", "")) not in left
    ]
    yield from OrphanRepository().remove(emptied)


def _moved(filed: Filed, served: Prediction) -> Filed:
    student_id, period = subject_of(served)
    return Filed(student_id, period, filed.report, filed.prediction_id)


def _join(orphans: Sequence[tuple[str, str, str]]) -> Op[int]:
    """Joins orphans, each by student, period and unit; gives how many found their features."""
    settled = yield from settle((student_id, period) for student_id, period, _ in orphans if period)
    waiting = sorted({i.removeprefix(MARK) for i, period, _ in orphans if not period})
    linked = (yield from link(waiting)) if waiting else 0
    joined = [settled[i, period].outcome for i, period, _ in orphans if period]
    return linked + sum(
        isinstance(label, Label) and unit in {"", label.unit}
        for label, (_, _, unit) in zip(joined, (one for one in orphans if one[1]), strict=True)
    )
