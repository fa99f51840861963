"""What a promotion brought, measured on records that neither version learned from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.bootstrap import Metric, Scored, once, paired_resamples, scored
from retraining.promotion.cases import Answers, Cases, flagged_within, lanes_in
from retraining.promotion.comparison import RESAMPLES
from retraining.promotion.drawing import student_weights
from retraining.promotion.numeric import compare_numeric
from retraining.promotion.ranking import Floats, Ties, flags

PROMOTED, REPLACED = "promoted", "replaced"


@dataclass(frozen=True, slots=True)
class Came:
    """A gain with its 95 % interval, on how many cases.

    Attributes:
        cases: at risk; 0 of a numeric outcome.
        flagged: how many either version flags; 0 of a numeric outcome.
        new: the same gain among those at risk who were not so before; None without any.
    """

    gain: float
    low: float
    high: float
    cases: int
    flagged: int
    new: Came | None = None


def recall_came(
    cases: Cases, promoted: Answers, replaced: Answers, policy: PromotionPolicy, *, seed: int
) -> Came:
    """The gain of recall with as many flags; ties are shared fairly, for both served.

    Args:
        cases: at least one of them at risk.
        promoted: as its stored bundle answers.
        replaced: the same of the version before.
        policy: its alert budget.
        seed: draws the resamples of students, the same ones for both.
    """
    flagged = flagged_within(cases.outcome, policy.budget)
    share, metrics = flagged / len(cases.outcome), (Metric.RECALL,)
    models = {
        name: scored(answers.scores, cases.outcome, Ties.FAIR, lanes_in(cases, policy))
        for name, answers in ((PROMOTED, promoted), (REPLACED, replaced))
    }
    drawn = paired_resamples(
        models, cases.students, share=share, resamples=RESAMPLES, seed=seed, metrics=metrics
    )
    low, high = np.quantile(drawn[PROMOTED][0] - drawn[REPLACED][0], (0.025, 0.975))
    now = {name: float(once(model, share, metrics)[0]) for name, model in models.items()}
    return Came(
        gain=now[PROMOTED] - now[REPLACED],
        low=float(low),
        high=float(high),
        cases=int(cases.outcome.sum()),
        flagged=flagged,
        new=_new_came(cases, models[PROMOTED], models[REPLACED], flagged, seed),
    )


def error_came(
    cases: Cases, promoted: Answers, replaced: Answers, policy: PromotionPolicy, *, seed: int
) -> Came:
    """The share of the replaced version's mean absolute error that the promoted one saves.

    Args:
        cases: at least one.
        promoted: as its stored bundle answers.
        replaced: the same of the version before.
        policy: of the task.
        seed: draws the resamples of students.
    """
    found = compare_numeric(cases, promoted, replaced, policy, seed=seed)
    assert found.gain is not None and found.low is not None and found.high is not None
    return Came(found.gain, found.low, found.high, cases=0, flagged=0)


def _new_came(
    cases: Cases, promoted: Scored, replaced: Scored, flagged: int, seed: int
) -> Came | None:
    """The gain among the new cases, the same students flagged as before.

    In the resamples the flags stay as they are: whom a school helps is decided once.
    """
    known = cases.rules.get("persistence")
    if known is None:
        return None
    new: NDArray[np.bool_] = (cases.outcome == 1) & (known == 0)
    if not new.any():
        return None
    more: Floats = (flags(promoted.ranking, flagged) - flags(replaced.ranking, flagged))[new]
    gains = []
    for weights in student_weights(cases.students, RESAMPLES, seed):
        drawn = weights[:, new]
        some = drawn.sum(axis=1) > 0
        gains.append(drawn[some] @ more / drawn[some].sum(axis=1))
    low, high = np.quantile(np.concatenate(gains), (0.025, 0.975))
    return Came(float(more.mean()), float(low), float(high), int(new.sum()), flagged)
