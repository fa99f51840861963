"""Which students of a list somebody wants to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import Query
from numpy.typing import NDArray

from api.http.problems import Problem
from model.helping.action import ActionKind
from model.lists.published import Lane
from model.prediction import RiskStatus
from model.pseudonyms.pseudonyms import Pseudonyms
from preprocessing.columnar.columns import Columns
from preprocessing.lists.ranking import RankedStudents
from preprocessing.lists.scoring import ScoredStudents
from preprocessing.student_ids import keys_searched, sent_id
from preprocessing.task.columns import Kind
from preprocessing.task.spec import TaskSpec
from preprocessing.task.spelling import fold

LISTED = frozenset({RiskStatus.ALERT, RiskStatus.CRITICAL, RiskStatus.INSUFFICIENT})
MOST_FEATURES = 10
Mask = NDArray[np.bool_]

Search = Annotated[str | None, Query(max_length=128)]
FeatureValues = Annotated[list[str] | None, Query(max_length=MOST_FEATURES)]


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What somebody wants to see of a list; None is any.

    Attributes:
        status: only students of this status. By default all who have one to look at or a place;
            whoever is searched for is found whatever the status.
        lane: only this lane.
        search: a part of the student's id, in any case and with any accents; the whole id as the
            school writes it, where ids are kept as pseudonyms.
        features: `name:value`, each of which a student has.
        done: only students of whose list of this period somebody has, or nobody has, said that
            something was done.
        within: True: only those who have a place.
    """

    status: RiskStatus | None = None
    lane: Lane | None = None
    search: str | None = None
    features: tuple[str, ...] = ()
    done: bool | None = None
    within: bool | None = None


def chosen(
    wanted: ListFilter,
    scored: ScoredStudents,
    ranked: RankedStudents,
    within: Mask,
    done: Mapping[str, ActionKind],
    task: TaskSpec,
    pseudonyms: Pseudonyms | None = None,
) -> NDArray[np.intp]:
    """The positions of the students that are wanted, in the order of the list.

    Args:
        wanted: what is asked for.
        scored: n students.
        ranked: the same.
        within: who has a place, shape (n,).
        done: student to what was done last; read only where that is asked for.
        task: of the features.
        pseudonyms: what ids are kept as, where they are not kept in the clear.

    Raises:
        Problem: 422, no such feature.
    """
    keep = _with_status(wanted, scored, within)
    if wanted.lane is not None:
        keep &= np.array([one is wanted.lane for one in scored.lanes], dtype=np.bool_)
    if wanted.search:
        part = fold(wanted.search)
        named = keys_searched(task, wanted.search, scored.units, pseudonyms)
        keep &= np.array(
            [one in named or part in fold(sent_id(task, one)) for one in scored.ids],
            dtype=np.bool_,
        )
    for asked in wanted.features:
        keep &= has_feature(asked, scored.features, task)
    if wanted.done is not None:
        said = np.array([one in done for one in scored.ids], dtype=np.bool_)
        keep &= said if wanted.done else ~said
    if wanted.within is not None:
        keep &= within if wanted.within else ~within
    return ranked.order[keep[ranked.order]]


def _with_status(wanted: ListFilter, scored: ScoredStudents, within: Mask) -> Mask:
    if wanted.status is not None:
        return _of(scored.statuses, frozenset({wanted.status}))
    if wanted.search:
        return np.ones(len(scored.ids), dtype=np.bool_)
    return _of(scored.statuses, LISTED) | within


def _of(statuses: Sequence[RiskStatus], wanted: frozenset[RiskStatus]) -> Mask:
    return np.array([one in wanted for one in statuses], dtype=np.bool_)


def has_feature(asked: str, features: Columns, task: TaskSpec) -> Mask:
    """Who has a value of a feature, shape (n,); one that a record lacks is not had.

    Args:
        asked: `name:value`.
        features: of n students.
        task: of the feature.

    Raises:
        Problem: 422, no such feature, or no such value.
    """
    name, colon, value = asked.partition(":")
    column = task.columns.get(name)
    if column is None or not colon:
        raise Problem.of_field("feature", "must be name:value, of a feature that /schema names")
    if column.kind is Kind.CATEGORY:
        folded = fold(value)
        return np.array(
            [one is not None and fold(str(one)) == folded for one in features.values(name)]
        )
    try:
        number = float(value.replace(",", "."))
    except ValueError as error:
        raise Problem.of_field("feature", f"{name} is a number, so name:value needs one") from error
    return np.asarray(features.number(name) == number)
