"""Which records are held out together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

FOLDS = 5


def grouped_folds(
    outcome: NDArray[np.float64],
    groups: NDArray[np.str_],
    *,
    seed: int,
    folds: int = FOLDS,
) -> NDArray[np.intp]:
    """The fold of each record, shape (n,): all records of one student in one fold.

    Students are shuffled by the seed, sorted by their mean outcome and dealt out in turn, so the
    folds have nearly equal shares at risk. Takes n log n, unlike scikit-learn's
    `StratifiedGroupKFold`, which weighs every group against every fold.

    >>> fold = grouped_folds(np.array([0., 1., 0., 1.]), np.array(list("aabc")), seed=0, folds=2)
    >>> bool(fold[0] == fold[1])
    True
    """
    _, member = np.unique(groups, return_inverse=True)
    size = np.bincount(member)
    mean = np.bincount(member, weights=outcome) / size
    shuffled = np.random.default_rng(seed).permutation(len(size))
    dealt = shuffled[np.lexsort((size[shuffled], mean[shuffled]))]
    fold = np.empty(len(size), dtype=np.intp)
    fold[dealt] = np.arange(len(size)) % folds
    return np.asarray(fold[member])


def each_fold(
    fold: NDArray[np.intp],
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Positions to train on and positions held out, fold by fold."""
    for number in range(int(fold.max()) + 1):
        held = fold == number
        yield np.flatnonzero(~held), np.flatnonzero(held)
