"""Records in the order a model would have them helped, with its ties settled openly.

A tie is where a comparison can be cheated without anybody meaning to: a model that gives half the
school the same score has no order among them, and whoever sorts decides its recall. Two ways out:

* `fair`: tied records share what the budget leaves them (the expected value of a random order).
* `against`: among tied records those not at risk come first, the worst order there is.

The serving champion is read fairly and the challenger against itself, so a challenger never owes
its gain to a tie.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Ties(StrEnum):
    """How records with the same score are ordered."""

    FAIR = "fair"
    AGAINST = "against"


@dataclass(frozen=True, slots=True)
class Ranking:
    """n records, highest score first.

    Attributes:
        order: shape (n,), positions of the records, highest score first.
        ends: shape (g,), where in `order` each group of indistinguishable records ends (inclusive).
        outcome: shape (n,), 1.0 at risk, in the sorted order.
    """

    order: NDArray[np.intp]
    ends: NDArray[np.intp]
    outcome: Floats


def rank(scores: Floats, outcome: Floats, ties: Ties) -> Ranking:
    """Ranks records by score.

    Args:
        scores: shape (n,), higher is more at risk.
        outcome: shape (n,), 1.0 at risk, 0.0 not.
        ties: how equal scores are ordered.

    >>> scores, outcome = np.array([0.2, 0.9, 0.9]), np.array([0.0, 1.0, 0.0])
    >>> rank(scores, outcome, Ties.AGAINST).order.tolist()
    [2, 1, 0]
    >>> rank(scores, outcome, Ties.FAIR).ends.tolist()
    [1, 2]
    """
    order = np.lexsort((np.arange(len(scores)), outcome, -scores))
    if ties is Ties.AGAINST:
        ends = np.arange(len(scores), dtype=np.intp)
    else:
        ordered = scores[order]
        ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(scores) - 1)
    return Ranking(order, ends.astype(np.intp), outcome[order])


def flags(ranking: Ranking, flagged: float) -> Floats:
    """How much of each record is flagged when `flagged` records are, in the records' own order.

    1.0 or 0.0 but for the group the budget ends in, which shares what is left of it.

    >>> scores, outcome = np.array([0.2, 0.9, 0.9]), np.array([0.0, 1.0, 0.0])
    >>> flags(rank(scores, outcome, Ties.FAIR), 1).tolist()
    [0.0, 0.5, 0.5]
    """
    sizes = np.diff(ranking.ends, prepend=-1)
    before = np.cumsum(sizes) - sizes
    share = np.clip((flagged - before) / sizes, 0.0, 1.0)
    result = np.empty(len(ranking.order))
    result[ranking.order] = np.repeat(share, sizes)
    return result
