"""Page-Hinkley: have the champion's errors risen, in the order in which outcomes came?

For tasks whose outcomes come all year, and for models that learn one after the other: a look at all
outcomes together mixes what was before a change with what is since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.units.disclosure import FEWEST_SHOWN

Floats = NDArray[np.float64]

LEVEL = 0.01
LEAST_RISE = 0.05
"""A smaller rise of the mean squared error is not worth a sentence, however sure it is."""
FEWEST = 50
FEWEST_DAYS = 5
"""What comes in fewer days has no order to speak of."""


@dataclass(frozen=True, slots=True)
class ErrorRise:
    """Where the errors of n outcomes rise most, and whether that is more than chance.

    Attributes:
        n: outcomes.
        since: the first day after the change.
        before: mean error until then.
        after: and from then on.
        p_value: the chance of as steep a rise at any day, if the order does not matter.
    """

    n: int
    since: str
    before: float
    after: float
    p_value: float

    @property
    def told(self) -> bool:
        """Whether it is more than chance, and enough to matter."""
        return self.p_value <= LEVEL and self.after - self.before >= LEAST_RISE


def excess_errors(outcomes: Floats, scores: Floats) -> Floats:
    """Squared errors beyond what the scores themselves expect, shape (n,); 0 on average if right.

    So a year in which more records are hard to tell is no rise.

    >>> excess_errors(np.array([1.0, 0.0]), np.array([0.5, 0.5])).tolist()
    [0.0, 0.0]
    """
    return np.asarray((outcomes - scores) ** 2 - scores * (1.0 - scores))


def page_hinkley(errors: Floats, days: Sequence[str]) -> ErrorRise | None:
    """The steepest rise between two days; None of too few outcomes or days.

    The statistic is the largest fall of the cumulative sum of errors below its mean line, in units
    of their spread (Page 1954; Hinkley 1971, who gives the estimate of when). If the order does not
    matter, its path tends to a Brownian bridge, which falls below -x with probability exp(-2 x²).
    Only the ends of days are looked at, which keeps the level.

    Args:
        errors: shape (n,).
        days: n days on which the outcomes came, as they sort.

    >>> days = [f"d{i:03}" for i in range(200)]
    >>> found = page_hinkley(np.array([0.0, 0.1] * 50 + [0.5, 0.6] * 50), days)
    >>> found.since, found.told
    ('d100', True)
    """
    n = len(errors)
    order = np.argsort(np.asarray(days, dtype=np.str_), kind="stable")
    came, sorted_errors = np.asarray(days, dtype=np.str_)[order], errors[order]
    ends = np.flatnonzero(came[1:] != came[:-1]) + 1 if n else np.zeros(0, np.intp)
    spread = float(errors.std()) if n else 0.0
    if n < FEWEST or len(ends) + 1 < FEWEST_DAYS or spread == 0.0:
        return None
    ends = ends[(ends >= FEWEST_SHOWN) & (ends <= n - FEWEST_SHOWN)]
    if not len(ends):
        return None
    path = np.cumsum(sorted_errors - sorted_errors.mean()) / (spread * np.sqrt(n))
    at = int(ends[np.argmin(path[ends - 1])])
    fall = max(0.0, -float(path[at - 1]))
    return ErrorRise(
        n=n,
        since=str(came[at]),
        before=float(sorted_errors[:at].mean()),
        after=float(sorted_errors[at:].mean()),
        p_value=float(np.exp(-2.0 * fall**2)),
    )


def rise_sentence(found: ErrorRise) -> str:
    """A rise in words, as the drift report tells it.

    >>> rise_sentence(ErrorRise(320, "2026-05-04", 0.002, 0.081, 0.0004))
    'the errors of 320 outcomes, in the order in which they came, have risen since 2026-05-04: the \
mean squared error is 0.002 above what the scores expect before and 0.081 since (Page-Hinkley, \
p = 0.0004)'
    """
    return (
        f"the errors of {found.n} outcomes, in the order in which they came, have risen since "
        f"{found.since}: the mean squared error is {found.before:.3f} above what the scores expect "
        f"before and {found.after:.3f} since (Page-Hinkley, p = {found.p_value:.2g})"
    )
