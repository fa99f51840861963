"""The evidence of a promotion with and without students who were helped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from model.helping.bounds import (
    UNBOUNDED,
    HelpedBounds,
    gain_bounds,
    maybe_saved,
    recall_bounds,
)
from model.helping.evidence import HelpedEvidence
from model.promotion import PromotionDecision
from model.units.disclosure import FEWEST_SHOWN
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.bootstrap import scored
from retraining.promotion.cases import Answers, Cases, flagged_within, lanes_in
from retraining.promotion.decision import decide, looked_at
from retraining.promotion.guards.rule import Stage
from retraining.promotion.guards.shared import AnyEvidence, LabelledCounts
from retraining.promotion.ranking import Floats, Ties, flags

EvidenceOn = Callable[[Cases, Answers, Answers | None], AnyEvidence]
"""Compares both models on some of the records."""


def helped_evidence(
    cases: Cases,
    challenger: Answers,
    champion: Answers | None,
    evidence_on: EvidenceOn,
    decided: PromotionDecision,
    policy: PromotionPolicy,
) -> HelpedEvidence | None:
    """Both figures with their bounds, and what would be decided without the helped.

    Args:
        cases: n records.
        challenger: its answers about them.
        champion: the same; None without one.
        evidence_on: what the decision was taken on, of other records.
        decided: on all records.
        policy: of the task.

    Returns:
        None where nobody was helped.
    """
    if cases.helped is None or not cases.helped.any():
        return None
    helped = int(cases.helped.sum())
    found = HelpedEvidence(
        helped=helped,
        saved=None,
        challenger=UNBOUNDED,
        decided=decided.status.value,
        decided_without=_without(cases, challenger, champion, evidence_on, policy),
    )
    if helped < FEWEST_SHOWN:
        return found
    ours = _flags(challenger, cases, Ties.AGAINST, policy)
    theirs = None if champion is None else _flags(champion, cases, Ties.FAIR, policy)
    outcome, mask = cases.outcome, cases.helped
    return replace(
        found,
        saved=int(maybe_saved(outcome, mask).sum()),
        challenger=_told(recall_bounds(outcome, ours, mask), cases),
        champion=None if theirs is None else _told(recall_bounds(outcome, theirs, mask), cases),
        gain=None if theirs is None else _told(gain_bounds(outcome, ours, theirs, mask), cases),
    )


def _told(bounds: HelpedBounds, cases: Cases) -> HelpedBounds:
    """The bounds, without the figure of those not helped where fewer than ten of them count."""
    assert cases.helped is not None
    at_risk = int(cases.outcome[~cases.helped].sum())
    return bounds if at_risk >= FEWEST_SHOWN else replace(bounds, without=None)


def _flags(answers: Answers, cases: Cases, ties: Ties, policy: PromotionPolicy) -> Floats:
    model = scored(answers.scores, cases.outcome, ties, lanes_in(cases, policy))
    return flags(model.ranking, flagged_within(cases.outcome, policy.budget))


def _without(
    cases: Cases,
    challenger: Answers,
    champion: Answers | None,
    evidence_on: EvidenceOn,
    policy: PromotionPolicy,
) -> str:
    """The status that would be decided without the helped; "" where too few are left."""
    assert cases.helped is not None
    others = np.asarray(~cases.helped)
    rest = cases.take(others)
    counts = LabelledCounts("binary", len(rest.outcome), int(rest.outcome.sum()))
    if not all(guard.passed for guard in looked_at(counts, policy, Stage.SAMPLE)):
        return ""
    theirs = None if champion is None else champion.take(others)
    return decide(evidence_on(rest, challenger.take(others), theirs), policy).status.value
