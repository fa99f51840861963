"""Which records are held out together.

A student's fold is a hash of task, seed and student. So one more student deals nobody else anew,
and every installation deals alike: what a look at the labels found is found again when it is
repeated, and a weekly run does not draw new folds until they favour its challenger.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

FOLDS = 5

SLACK = 0.3
"""How far above its due share a fold may hold of those with a high or a low outcome. With 5 folds
it may hold half of them: of 10 at risk 3 % of dealings exceed that, of 20 0.3 %, of 50 2 in a
million."""


def drawn_numbers(students: NDArray[np.str_], *, task: str, seed: int) -> NDArray[np.uint64]:
    """A number of each student, shape (n,), as good as random: a hash of task, seed and student.

    Args:
        students: shape (n,).
        task: the task's name, so that a student of two tasks is not dealt alike in both.
        seed: another one deals otherwise.

    >>> drawn_numbers(np.array(["RA-1"]), task="pede_lag", seed=0).tolist()
    [3750478954844426888]
    """
    start = hashlib.sha256(f"{task}\x1f{seed}\x1f".encode())
    numbers = np.empty(len(students), dtype=np.uint64)
    for position, student in enumerate(students.tolist()):
        one = start.copy()
        one.update(student.encode())
        numbers[position] = int.from_bytes(one.digest()[:8], "big")
    return numbers


def shuffled(students: NDArray[np.str_], *, task: str, seed: int) -> NDArray[np.intp]:
    """Positions of different students in the order of their drawn numbers, shape (n,)."""
    return np.lexsort((students, drawn_numbers(students, task=task, seed=seed)))


def grouped_folds(
    outcome: NDArray[np.float64],
    groups: NDArray[np.str_],
    *,
    task: str,
    seed: int,
    folds: int = FOLDS,
) -> NDArray[np.intp]:
    """The fold of each record, shape (n,): all records of one student in one fold.

    With few records a fold may hold nobody, or so many of one outcome that too few are left to
    learn it from. Then students are sorted by their mean outcome and dealt in turn, in the order
    of their drawn numbers.

    Args:
        outcome: shape (n,).
        groups: shape (n,), the student of each record.
        task: the task's name.
        seed: another one deals otherwise.
        folds: how many.

    >>> fold = grouped_folds(
    ...     np.array([0., 1., 0., 1.]), np.array(list("aabc")), task="t", seed=0, folds=2
    ... )
    >>> bool(fold[0] == fold[1])
    True
    """
    students, member = np.unique(groups, return_inverse=True)
    numbers = drawn_numbers(students, task=task, seed=seed)
    fold = (numbers % np.uint64(folds)).astype(np.intp)
    if not _usable(fold[member], outcome, folds):
        fold = _in_turn(outcome, member, numbers, folds)
    return np.asarray(fold[member])


def each_fold(
    fold: NDArray[np.intp],
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Positions to train on and positions held out, fold by fold."""
    for number in np.unique(fold).tolist():
        held = fold == number
        yield np.flatnonzero(~held), np.flatnonzero(held)


def _usable(fold: NDArray[np.intp], outcome: NDArray[np.float64], folds: int) -> bool:
    """Whether every fold holds somebody, and no fold too much of the higher or lower outcomes."""
    high = outcome > outcome.mean()
    counts = [np.bincount(fold[side], minlength=folds) for side in (high, ~high)]
    most = 1.0 / folds + SLACK
    return bool(np.min(counts[0] + counts[1]) > 0) and all(
        each.max() <= most * each.sum() for each in counts
    )


def _in_turn(
    outcome: NDArray[np.float64],
    member: NDArray[np.intp],
    numbers: NDArray[np.uint64],
    folds: int,
) -> NDArray[np.intp]:
    """The fold of each student, dealt in turn by mean outcome."""
    size = np.bincount(member)
    mean = np.bincount(member, weights=outcome) / size
    fold = np.empty(len(size), dtype=np.intp)
    fold[np.lexsort((numbers, size, mean))] = np.arange(len(size)) % folds
    return fold
