"""Guards of a binary outcome that a successor must meet: what it must gain, and may not lose."""

from __future__ import annotations

from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.evidence import BinaryEvidence
from retraining.promotion.guards import examples
from retraining.promotion.guards.rule import (
    BINARY,
    SUCCESSOR,
    Found,
    GuardRule,
)
from retraining.promotion.guards.shared import asked_confidence

AT_BUDGET = 0.93
"""How sure a gain at the budget itself must be. `confidence` is read around it, where two curves
that cross differ; the level is the lowest that stops them (docs/promotion.md)."""


def recall_gain(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether more of those at risk are caught with as many flags."""
    gain = evidence.gain("recall_at_budget")
    return Found(
        gain.gain > policy.min_recall_gain,
        gain.gain,
        policy.min_recall_gain,
        {
            "flagged": evidence.flagged,
            "rows": evidence.rows,
            "before": gain.champion,
            "after": gain.challenger,
            "low": gain.low,
            "high": gain.high,
        },
    )


def confidence(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether luck is excluded well enough as the reason of the gain."""
    gain = evidence.gain("recall_around_budget")
    asked = asked_confidence(evidence, policy)
    return Found(
        gain.confidence >= asked,
        gain.confidence,
        asked,
        {"resamples": evidence.resamples, "margin": gain.margin},
    )


def gain_at_budget(evidence: BinaryEvidence, _: PromotionPolicy) -> Found:
    """Whether luck is excluded at the budget itself, not only around it."""
    gain = evidence.gain("recall_at_budget")
    figures = {"resamples": evidence.resamples}
    return Found(gain.confidence >= AT_BUDGET, gain.confidence, AT_BUDGET, figures)


def ranking(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether the order of all students, not only of the flagged, has not become worse."""
    if evidence.champion is None:
        raise ValueError("there is no champion to compare the ranking with")
    before, after = evidence.champion.auc, evidence.challenger.auc
    figures = {"before": before, "after": after}
    return Found(
        before - after <= policy.max_auc_loss, before - after, policy.max_auc_loss, figures
    )


MIN_RECALL_GAIN = GuardRule[BinaryEvidence](
    name="min_recall_gain",
    kinds=BINARY,
    stages=SUCCESSOR,
    keys=("min_recall_gain",),
    asks="recall at equal budget improves by more than this",
    look=recall_gain,
    english={
        "either": "with {flagged} of {rows} students flagged by both, recall goes from "
        "{before:.1%} to {after:.1%}: {value:+.1p} points ({low:+.1p} points to {high:+.1p} points "
        "at 95 %); more than {limit:+.1p} points is asked"
    },
    portuguese={
        "name": "ganho mínimo",
        "passed": "com o mesmo número de alunos apontados, encontra {value:.1p} pontos a mais dos "
        "que ficarão em risco; pede-se mais de {limit:.1p}",
        "failed": "com o mesmo número de alunos apontados, a diferença no que encontra é de "
        "{value:.1p} pontos; pede-se mais de {limit:.1p}",
    },
    example=examples.with_gain("recall_at_budget", gain=0.005),
)

CONFIDENCE = GuardRule[BinaryEvidence](
    name="confidence",
    kinds=BINARY,
    stages=SUCCESSOR,
    keys=("confidence", "min_recall_gain"),
    asks="share of resamples in which recall around the budget (mean over five budgets, a fifth "
    "fewer to a fifth more) improves by more than half of `min_recall_gain`",
    look=confidence,
    english={
        "either": "in {value:.1%} of {resamples} resamples of these students recall around the "
        "budget gains more than {margin:+.1p} points; {limit:.1%} is asked"
    },
    portuguese={
        "name": "certeza",
        "passed": "em {value:.1%} das reamostragens destes alunos o ganho se mantém; "
        "pede-se {limit:.1%}",
        "failed": "só em {value:.1%} das reamostragens destes alunos o ganho se mantém; "
        "pede-se {limit:.1%}: pode ser acaso",
    },
    example=examples.with_gain("recall_around_budget", confidence=0.9),
)

GAIN_AT_BUDGET = GuardRule[BinaryEvidence](
    name="gain_at_budget",
    kinds=BINARY,
    stages=SUCCESSOR,
    keys=(),
    asks=f"share of resamples in which recall at the budget itself improves, {AT_BUDGET:.0%}",
    look=gain_at_budget,
    english={
        "either": "in {value:.1%} of {resamples} resamples of these students recall at the budget "
        "itself is higher; {limit:.0%} is asked, so that no gain beside the budget stands for it"
    },
    portuguese={
        "name": "ganho no próprio limite",
        "passed": "em {value:.1%} das reamostragens destes alunos encontra mais com exatamente "
        "esse número de apontados; pede-se {limit:.1%}",
        "failed": "só em {value:.1%} das reamostragens destes alunos encontra mais com exatamente "
        "esse número de apontados; pede-se {limit:.1%}: o ganho pode estar só ao lado do limite",
    },
    example=examples.with_gain("recall_at_budget", confidence=0.9),
)

MAX_AUC_LOSS = GuardRule[BinaryEvidence](
    name="max_auc_loss",
    kinds=BINARY,
    stages=SUCCESSOR,
    keys=("max_auc_loss",),
    asks="AUC may fall by at most this",
    look=ranking,
    english={
        "either": "AUC goes from {before:.3f} to {after:.3f}; a loss of {limit:.3f} is tolerated"
    },
    portuguese={
        "name": "ordenação",
        "passed": "a ordenação de todos os alunos não piora além do tolerado "
        "(perda de AUC {value:.3f}; tolera-se {limit:.3f})",
        "failed": "a ordenação de todos os alunos piora "
        "(perda de AUC {value:.3f}; tolera-se {limit:.3f})",
    },
    example=examples.with_challenger(examples.SUCCESSOR, auc=0.8),
)
