"""One rolling origin: both recipes on a period that neither had seen."""

from __future__ import annotations

import numpy as np

from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.bootstrap import Metric, Scored, once, scored
from retraining.promotion.cases import Answers, Cases, flagged_within, lanes_in
from retraining.promotion.evidence import Origin
from retraining.promotion.ranking import Ties
from retraining.promotion.resampled_metrics import around
from retraining.promotion.sampling_error import gain_error

METRICS = (Metric.RECALL, Metric.RECALL_AROUND)


def origin(
    cases: Cases,
    challenger: Answers,
    champion: Answers,
    policy: PromotionPolicy,
    *,
    unshared: float,
) -> Origin:
    """What the challenger's recipe gains in one earlier period.

    Args:
        cases: the records of that period.
        challenger: of its recipe, trained before the period; its ties count against it.
        champion: of its own; its version is "" where it was trained anew.
        policy: its alert budget.
        unshared: share of the records which either learned from that only one of them had.
    """
    share = flagged_within(cases.outcome, policy.budget) / len(cases.outcome)
    lanes = lanes_in(cases, policy)
    ours = scored(challenger.scores, cases.outcome, Ties.AGAINST, lanes)
    theirs = scored(champion.scores, cases.outcome, Ties.FAIR, lanes)
    at, near = (once(ours, share, METRICS) - once(theirs, share, METRICS)).tolist()
    return Origin(
        period=", ".join(str(period) for period in np.unique(cases.periods)),
        rows=len(cases.outcome),
        gain=at,
        error=gain_error(ours, theirs, cases.students, (share,)),
        around=near,
        around_error=error_around(ours, theirs, cases, share),
        unshared=unshared,
        champion=champion.version,
    )


def error_around(ours: Scored, theirs: Scored, cases: Cases, share: float) -> float:
    """Standard error of the gain in recall around that budget."""
    return gain_error(ours, theirs, cases.students, around(share))
