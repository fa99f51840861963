"""Whether a person has the last word on a promotion."""

from __future__ import annotations

from dataclasses import replace

from model.promotion import DecisionStatus, PromotionDecision
from preprocessing.task.policies import PromotionPolicy


def gated(
    decision: PromotionDecision, policy: PromotionPolicy, *, serving: bool
) -> PromotionDecision:
    """The decision, staged where the policy wants a person to approve it.

    A usable first champion is not staged: no one is exposed to a change, and every day that it
    waits its students have no list at all. A provisional one is: it may be too weak to serve.

    Args:
        decision: what the guards decided.
        policy: its `approval`.
        serving: whether a champion serves that the challenger would replace.

    >>> promoted = PromotionDecision(DecisionStatus.PROMOTED, ("better",))
    >>> gated(promoted, PromotionPolicy(approval="ask"), serving=True).status.value
    'staged'
    >>> gated(promoted, PromotionPolicy(approval="ask"), serving=False).status.value
    'promoted'
    """
    asks = policy.approval == "ask" and (serving or decision.provisional)
    if not asks or decision.status is not DecisionStatus.PROMOTED:
        return decision
    return replace(decision, status=DecisionStatus.STAGED)
