"""Who serves: a pure decision over evidence.

Recall alone is won by flagging everybody, a difference alone by luck, and a mean alone by failing
one group. So a challenger takes over only when every guard lets it; see docs/promotion.md for what
each is worth and for how often luck gets through all of them.
"""

from __future__ import annotations

from dataclasses import replace

from model.promotion import DecisionStatus, Guard, PromotionDecision
from preprocessing.task.outcome_kinds import OutcomeKind
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.guards.rule import Stage
from retraining.promotion.guards.shared import AnyEvidence, LabelledCounts
from retraining.promotion.guards.table import GUARDS
from retraining.promotion.looks import Weighed


def decide(evidence: AnyEvidence, policy: PromotionPolicy) -> PromotionDecision:
    """Whether the challenger takes over.

    Args:
        evidence: champion and challenger on the same records, or the challenger alone when nobody
            serves yet.
        policy: what a challenger must show.

    Returns:
        Promoted only if every guard passed. A kept decision's reasons are those of the guards that
        objected, a promoted one's those of all. A first model that is no chance find and beats what
        is done without a model serves provisionally where other guards object; its reasons are
        theirs.
    """
    sample = looked_at(evidence, policy, Stage.SAMPLE)
    if not all(guard.passed for guard in sample):
        return conclude(sample)
    stage = _stage(evidence)
    decision = conclude((*sample, *looked_at(evidence, policy, stage)))
    if stage is Stage.FIRST and evidence.beyond_chance and _all_yield(decision, evidence.kind):
        return replace(decision, status=DecisionStatus.PROMOTED, provisional=True)
    return decision


def _stage(evidence: AnyEvidence) -> Stage:
    if evidence.champion is None:
        return Stage.FIRST
    if evidence.without_erased:
        return Stage.REPLACEMENT
    return Stage.RECALIBRATION if evidence.recalibration else Stage.SUCCESSOR


def _all_yield(decision: PromotionDecision, kind: OutcomeKind) -> bool:
    """Whether guards objected, and only such as let a first model serve provisionally."""
    yielding = {rule.name for rule in GUARDS if rule.provisional and kind in rule.kinds}
    objections = {guard.name for guard in decision.guards if not guard.passed}
    return bool(objections) and objections <= yielding


def looked_at(
    evidence: LabelledCounts | AnyEvidence, policy: PromotionPolicy, stage: Stage
) -> tuple[Guard, ...]:
    """What the guards of that stage say, for the kind of outcome that the evidence is about."""
    rules = (rule for rule in GUARDS if evidence.kind in rule.kinds and stage in rule.stages)
    guards = (rule.guard(evidence, policy) for rule in rules)
    return tuple(guard for guard in guards if guard is not None)


def objections_to(weighed: Weighed, policy: PromotionPolicy) -> tuple[Guard, ...]:
    """The guards of a look at the labels, if one objects to it; else none."""
    rules = (rule for rule in GUARDS if Stage.LOOK in rule.stages)
    found = (rule.guard(weighed, policy) for rule in rules)
    guards = tuple(guard for guard in found if guard is not None)
    return () if all(guard.passed for guard in guards) else guards


def conclude(guards: tuple[Guard, ...]) -> PromotionDecision:
    """Promoted if no guard objects; the reasons are those of the guards that decided it."""
    objections = tuple(g.reason for g in guards if not g.passed)
    if objections:
        return PromotionDecision(DecisionStatus.KEPT, objections, guards)
    return PromotionDecision(DecisionStatus.PROMOTED, tuple(g.reason for g in guards), guards)
