"""What any model must beat.

`environment` needs no model of persons: help goes to those whose school, class or phase fares
worst. In Wisconsin's public schools, aiming help by school and district alone was found to do as
well as aiming it by individual scores (Perdomo, Britton, Hardt and Abebe 2023, "Difficult Lessons
on Social Prediction from Wisconsin Public Schools"). So what a score per student adds is told
beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from preprocessing.dataset import TrainingSet
from preprocessing.lanes import present_states
from preprocessing.task.spec import TaskSpec
from training.kinds import kind_of
from training.split import each_fold, grouped_folds

Array = NDArray[np.float64]
Place = tuple[str, ...]


def dummy(train: TrainingSet, n: int) -> Array:
    """Everybody the same: the training share at risk (or mean outcome), shape (n,)."""
    return np.full(n, float(train.outcome.mean()))


def persistence(train: TrainingSet, test: TrainingSet, task: TaskSpec) -> Array | None:
    """ "At risk now, at risk next year", shape (n,); None where the task has no such feature.

    The score is what became of training students in the same state: at risk, not at risk, or
    unknown. For a numeric outcome it is today's value, or the training mean where it is unknown.
    """
    now, then = present_states(train.records, task), present_states(test.records, task)
    if now is None or then is None:
        return None
    return kind_of(task).persisted(train.outcome, now, then)


def environment(
    train: TrainingSet, test: TrainingSet, task: TaskSpec, *, seed: int
) -> Array | None:
    """What became of others in the same places, shape (m,): a share at risk, or a mean outcome.

    Of no record to score does its own student's outcome enter: students are dealt into folds, and
    each fold is scored by the training records of everybody else.

    Args:
        train: labelled records.
        test: m records to score, which may be among those of `train`.
        task: `environment` names the columns, coarse to fine; None: its units.
        seed: deals the folds.

    Returns:
        None where the task names no such column, or no record gives one.
    """
    columns = task.environment_columns
    there, here = places(train, columns), places(test, columns)
    if not any(map(any, there)) or not len(test):
        return None
    scores = np.empty(len(test))
    for _, held in each_fold(grouped_folds(test.outcome, test.students, task=task.name, seed=seed)):
        others = np.flatnonzero(~np.isin(train.students, test.students[held]))
        if not others.size:
            return None
        known = [there[i] for i in others]
        scores[held] = expected(known, train.outcome[others], [here[i] for i in held])
    return scores


def places(data: TrainingSet, columns: Sequence[str]) -> list[Place]:
    """Where each of n records is, column by column; "" where it is not given."""
    found = [
        data.places[name].tolist()
        if name in data.places
        else [str(record.get(name, "")) for record in data.records]
        for name in columns
    ]
    return list(zip(*found, strict=True)) if found else [()] * len(data)


def expected(known: Sequence[Place], outcome: Array, asked: Sequence[Place]) -> Array:
    """The mean outcome of each place, shrunk towards that of the next coarser one, shape (m,).

    A place counts as its own records and one more place of mean size that is like the coarser one,
    so that three students of a new class do not outvote their school. A place never seen has the
    mean of the coarser one; the coarsest of all is everybody.

    Args:
        known: n places, coarse to fine.
        outcome: shape (n,).
        asked: m places.

    >>> known = [("a",), ("a",), ("b",), ("b",)]
    >>> expected(known, np.array([1.0, 1.0, 0.0, 0.0]), [("a",), ("b",), ("c",)]).tolist()
    [0.75, 0.25, 0.5]
    """
    means: dict[Place, float] = {(): float(outcome.mean())}
    for depth in range(1, len(known[0]) + 1):
        members: dict[Place, list[float]] = {}
        for place, value in zip(known, outcome.tolist(), strict=True):
            if place[depth - 1]:
                members.setdefault(place[:depth], []).append(value)
        usual = sum(map(len, members.values())) / max(1, len(members))
        for place, values in members.items():
            coarser = _nearest(means, place[:-1])
            means[place] = (sum(values) + usual * coarser) / (len(values) + usual)
    return np.array([_nearest(means, place) for place in asked])


def _nearest(means: dict[Place, float], place: Place) -> float:
    """The mean of the finest place known of that one."""
    while place not in means:
        place = place[:-1]
    return means[place]
