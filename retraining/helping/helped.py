"""Which labelled records are of students who were helped before the outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from database.driver.commands import Op
from database.helping.interventions import InterventionRepository
from model.helping.intervention import Intervention
from model.horizon import year_of
from model.label import Label
from preprocessing.dataset import TrainingSet

LOOKED_BACK = timedelta(days=366)
"""Help counts that went on so long before the outcome, where nobody knows when the period began."""

Given = Mapping[str, Sequence[Intervention]]
"""Student to the help given."""


def help_given() -> Op[Given]:
    """All help that was ever given, by student; reads one document where there was none.

    Raises:
        RegistryError: an intervention cannot be read.
    """
    if not (yield from InterventionRepository().newest(1)):
        return {}
    found = yield from InterventionRepository().all_since(date.min)
    by_student: dict[str, list[Intervention]] = {}
    for one in found:
        by_student.setdefault(one.student_id, []).append(one)
    return by_student


def was_helped(given: Iterable[Intervention], since: date, until: date) -> bool:
    """Whether any of the help went on between two days, both included."""
    return any(one.start <= until and (one.end is None or one.end >= since) for one in given)


def helped_before(label: Label, given: Given) -> bool:
    """Whether the student was helped between the features' year and the outcome.

    Of a period that is no year nobody knows here when it began; then help within a year before the
    outcome counts.
    """
    mine = given.get(label.student_id)
    if not mine:
        return False
    until, year = label.observed_at.date(), year_of(label.period)
    since = until - LOOKED_BACK if year is None else date(year, 1, 1)
    return was_helped(mine, since, until)


def helped_labels(labels: Sequence[Label], given: Given) -> NDArray[np.bool_] | None:
    """Shape (n,), whose student was helped before the outcome; None where nobody ever was."""
    if not given:
        return None
    return np.array([helped_before(label, given) for label in labels], dtype=np.bool_)


def marked(data: TrainingSet, labels: Sequence[Label], given: Given) -> TrainingSet:
    """The records with who was helped.

    Args:
        data: n records, made of the labels.
        labels: in any order.
        given: all help.
    """
    if not given:
        return data
    helped = {(one.student_id, one.period) for one in labels if helped_before(one, given)}
    keys = zip(data.students.tolist(), data.periods.tolist(), strict=True)
    return replace(data, helped=np.array([key in helped for key in keys], dtype=np.bool_))
