"""Who serves: a pure decision over evidence.

Recall alone is won by flagging everybody, a difference alone by luck, and a mean alone by failing
one group. So a challenger takes over only when every guard lets it; see docs/promotion.md for what
each is worth and for how often luck gets through all of them.
"""

from __future__ import annotations

from model.promotion import DecisionStatus, Guard, PromotionDecision
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion import guards
from retraining.promotion.evidence import Evidence


def decide(evidence: Evidence, policy: PromotionPolicy) -> PromotionDecision:
    """Whether the challenger takes over.

    Args:
        evidence: champion and challenger on the same records, or the challenger alone when nobody
            serves yet.
        policy: what a challenger must show.

    Returns:
        Promoted only if every guard passed. A kept decision's reasons are those of the guards that
        objected, a promoted one's those of all.
    """
    sample = enough_to_compare(evidence.rows, evidence.positives, policy)
    if not all(guard.passed for guard in sample):
        return settle(sample)
    if evidence.champion is None:
        return settle((*sample, *_first(evidence, policy)))
    return settle((*sample, *_successor(evidence, policy)))


def enough_to_compare(rows: int, positives: int, policy: PromotionPolicy) -> tuple[Guard, ...]:
    """The guards on the sample, which stand before any model is looked at."""
    return (
        guards.enough_labelled(rows, policy),
        guards.enough_cases(positives, rows - positives, policy),
    )


def _successor(evidence: Evidence, policy: PromotionPolicy) -> tuple[Guard, ...]:
    return (
        guards.different_model(evidence.same_model),
        guards.selective(evidence, policy),
        guards.recall_gain(evidence, policy),
        guards.confidence(evidence, policy),
        guards.precision_floor(evidence, policy),
        guards.alert_budget(evidence, policy),
        guards.ranking(evidence, policy),
        guards.calibration(evidence, policy),
        guards.subgroup_gap(evidence, policy),
    )


def _first(evidence: Evidence, policy: PromotionPolicy) -> tuple[Guard, ...]:
    return (
        guards.selective(evidence, policy),
        guards.first_auc(evidence, policy),
        *guards.beats_baselines(evidence, policy),
        guards.precision_floor(evidence, policy),
        guards.alert_budget(evidence, policy),
        guards.calibration(evidence, policy),
    )


def settle(looked_at: tuple[Guard, ...]) -> PromotionDecision:
    """Promoted if no guard objects; the reasons are those of the guards that decided it."""
    objections = tuple(g.reason for g in looked_at if not g.passed)
    if objections:
        return PromotionDecision(DecisionStatus.KEPT, objections, looked_at)
    reasons = tuple(g.reason for g in looked_at)
    return PromotionDecision(DecisionStatus.PROMOTED, reasons, looked_at)
