"""Standard error of a gain in recall without a resample: what each student adds to it.

Recall when a share q is flagged, with the cut-off c that flags it, has the influence

    (y (1{s > c} - recall) - p(c) (1{s > c} - q)) / mean(y)

of a record with outcome y and score s; p(c) is the share at risk among records at the cut-off, and
its term is what moving the cut-off costs. A gain's influence is the difference of both models'; its
standard error is that of a mean over students. The bootstrap gives the same within some percent.

Source: van der Vaart (1998), Asymptotic Statistics, ch. 20 (influence) and 21 (quantiles).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retraining.promotion.bootstrap import Scored
from retraining.promotion.clustered import standard_error
from retraining.promotion.ranking import Floats, flags

NEARBY = 0.05
"""Records on either side of a cut-off that tell the share at risk there, as a share of all."""


def gain_error(
    challenger: Scored, champion: Scored, students: NDArray[np.str_], shares: Sequence[float]
) -> float:
    """Standard error of the gain in mean recall over budgets.

    Args:
        challenger: its answers on n records.
        champion: its own on the same.
        students: shape (n,), who each record is about.
        shares: the budgets, each as a share of the records.
    """
    each = np.mean([influence(challenger, q) - influence(champion, q) for q in shares], axis=0)
    return standard_error(np.asarray(each) / len(each), students)


def influence(model: Scored, share: float) -> Floats:
    """What each record adds to recall at that budget, shape (n,); its mean is about zero."""
    n, outcome = len(model.outcome), model.outcome
    flagged = flags(model.ranking, share * n)
    at_risk = float(outcome.mean())
    if at_risk == 0:
        return np.zeros(n)
    recall = float(flagged @ outcome) / (at_risk * n)
    around, reach = int(share * n), max(1, int(NEARBY * n))
    near = model.ranking.outcome[max(0, around - reach) : around + reach]
    moved = float(near.mean()) if len(near) else 0.0
    found: Floats = (outcome * (flagged - recall) - moved * (flagged - share)) / at_risk
    return found
