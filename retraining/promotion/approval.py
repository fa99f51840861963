"""Whether a promotion waits: for a trial beside the champion, or for a person."""

from __future__ import annotations

from dataclasses import replace

from model.promotion import DecisionStatus, PromotionDecision
from preprocessing.task.policies import PromotionPolicy


def gated(
    decision: PromotionDecision, policy: PromotionPolicy, *, serving: bool
) -> PromotionDecision:
    """The decision, staged where the policy wants a trial or a person to come first.

    Where both are wanted the trial comes first: what it shows is for the person to see.

    A usable first champion is not staged: no one is exposed to a change, and every day that it
    waits its students have no list at all. A provisional one is: it may be too weak to serve.
    Neither is tried, as there is nobody beside whom it could be.

    Args:
        decision: what the guards decided.
        policy: its `approval`, `shadow` and `canary`.
        serving: whether a champion serves that the challenger would replace.

    >>> promoted = PromotionDecision(DecisionStatus.PROMOTED, ("better",))
    >>> gated(promoted, PromotionPolicy(approval="ask"), serving=True).status.value
    'staged'
    >>> gated(promoted, PromotionPolicy(approval="ask"), serving=False).status.value
    'promoted'
    """
    if decision.status is not DecisionStatus.PROMOTED:
        return decision
    if policy.tries and serving:
        return replace(decision, status=DecisionStatus.SHADOW)
    asks = policy.approval == "ask" and (serving or decision.provisional)
    return replace(decision, status=DecisionStatus.STAGED) if asks else decision
