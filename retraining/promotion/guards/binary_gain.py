"""Guards of a binary outcome that a successor must meet: what it must gain, and may not lose."""

from __future__ import annotations

from preprocessing.task.policies import PromotionPolicy
from retraining.promotion import spread
from retraining.promotion.evidence import BinaryEvidence, Source
from retraining.promotion.guards import examples
from retraining.promotion.guards.rule import (
    AFTER,
    BINARY,
    SUCCESSOR,
    Found,
    GuardRule,
)
from retraining.promotion.guards.shared import asked_confidence

AT_BUDGET = 0.93
"""How sure a gain at the budget itself must be. `confidence` is read around it, where two curves
that cross differ; the level is the lowest that stops them (docs/promotion.md)."""

NORMAL_95 = 1.96


def recall_gain(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether more of those at risk are caught with as many flags."""
    gain, judged = evidence.gain("recall_at_budget"), spread.judged(evidence, around=False)
    reach = NORMAL_95 * judged.error
    own = {"low": gain.low, "high": gain.high}
    over = {"low": judged.gain - reach, "high": judged.gain + reach}
    before, after = evidence.champion, evidence.challenger
    new = None if before is None else before.new_recall_at_budget
    told = new is not None and after.new_recall_at_budget is not None
    return Found(
        _let_pass(evidence, policy) or judged.gain > policy.min_recall_gain,
        judged.gain,
        policy.min_recall_gain,
        {
            "flagged": evidence.flagged,
            "rows": evidence.rows,
            "before": gain.champion,
            "after": gain.challenger,
            "periods": _periods(evidence),
            "new_positives": after.new_positives,
            "new_before": new,
            "new_after": after.new_recall_at_budget,
            **(over if evidence.source == Source.FORWARD else own),
        },
        _case(evidence) or ("new" if told else ""),
    )


def confidence(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether luck is excluded well enough as the reason of the gain.

    Decisions of before the standard error was kept have the share of the resamples.
    """
    gain, judged = evidence.gain("recall_around_budget"), spread.judged(evidence, around=True)
    sure = (
        gain.confidence if gain.error is None and not evidence.origins
        else spread.exceeds(judged.gain, judged.error, gain.margin)
    )  # fmt: skip
    asked = asked_confidence(evidence, policy)
    return Found(
        _let_pass(evidence, policy) or sure >= asked,
        sure,
        asked,
        {"margin": gain.margin, "error": judged.error or None, "periods": _periods(evidence)},
        _case(evidence),
    )


def gain_at_budget(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether luck is excluded at the budget itself, not only around it."""
    sure = evidence.gain("recall_at_budget").confidence
    if evidence.source == Source.FORWARD:
        judged = spread.judged(evidence, around=False)
        sure = spread.exceeds(judged.gain, judged.error, 0.0)
    return Found(
        _let_pass(evidence, policy) or sure >= AT_BUDGET,
        sure,
        AT_BUDGET,
        {"resamples": evidence.resamples, "periods": _periods(evidence)},
        _case(evidence),
    )


def _let_pass(evidence: BinaryEvidence, policy: PromotionPolicy) -> bool:
    """Whether a refresh needs no gain."""
    return policy.refresh == "always" and evidence.refresh


def _case(evidence: BinaryEvidence) -> str:
    return evidence.source if evidence.source == Source.FORWARD else ""


def _periods(evidence: BinaryEvidence) -> str:
    return ", ".join(origin.period for origin in evidence.origins)


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
    keys=("min_recall_gain", "refresh"),
    asks="recall at equal budget improves by more than this",
    look=recall_gain,
    english={
        "either": "with {flagged} of {rows} students flagged by both, recall goes from "
        "{before:.1%} to {after:.1%}: {value:+.1p} points ({low:+.1p} points to {high:+.1p} points "
        "at 95 %); more than {limit:+.1p} points is asked",
        "forward": "on {periods}, each by models older than it, the challenger's recipe gains "
        "{value:+.1p} points of recall ({low:+.1p} points to {high:+.1p} points at 95 %, periods "
        "differing too); more than {limit:+.1p} points is asked",
        "new": "with {flagged} of {rows} students flagged by both, recall goes from "
        "{before:.1%} to {after:.1%}: {value:+.1p} points ({low:+.1p} points to {high:+.1p} points "
        "at 95 %), and of the {new_positives} not at risk now from {new_before:.1%} to "
        "{new_after:.1%}; more than {limit:+.1p} points is asked",
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
    keys=("confidence", "refresh"),
    asks="how surely recall around the budget (mean over five budgets, a fifth fewer to a fifth "
    "more) improves by more than half of `min_recall_gain`, for other students and, but for a "
    "refresh, in other periods",
    look=confidence,
    english={
        "either": "it is {value:.1%} sure that recall around the budget gains more than "
        "{margin:+.1p} points (standard error {error:.1p}); {limit:.1%} is asked",
        "forward": "on {periods} it is {value:.1%} sure that recall around the budget gains more "
        "than {margin:+.1p} points (standard error {error:.1p}, periods differing too); "
        "{limit:.1%} is asked",
    },
    portuguese={
        "name": "certeza",
        "passed": "a certeza de que o ganho não é acaso é de {value:.1%}; pede-se {limit:.1%}",
        "failed": "a certeza de que o ganho não é acaso é só de {value:.1%}; pede-se {limit:.1%}",
    },
    example=examples.with_gain("recall_around_budget", confidence=0.9),
)

GAIN_AT_BUDGET = GuardRule[BinaryEvidence](
    name="gain_at_budget",
    kinds=BINARY,
    stages=SUCCESSOR,
    keys=("refresh",),
    asks=f"share of resamples in which recall at the budget itself improves, {AT_BUDGET:.0%}",
    look=gain_at_budget,
    english={
        "either": "in {value:.1%} of {resamples} resamples of these students recall at the budget "
        "itself is higher; {limit:.0%} is asked, so that no gain beside the budget stands for it",
        "forward": "on {periods} it is {value:.1%} sure that recall at the budget itself is "
        "higher, periods differing too; {limit:.0%} is asked",
    },
    portuguese={
        "name": "ganho no próprio limite",
        "passed": "a certeza de que encontra mais com exatamente esse número de apontados é de "
        "{value:.1%}; pede-se {limit:.1%}",
        "failed": "a certeza de que encontra mais com exatamente esse número de apontados é só de "
        "{value:.1%}; pede-se {limit:.1%}: o ganho pode estar só ao lado do limite",
    },
    example=examples.with_gain("recall_at_budget", confidence=0.9),
)

MAX_AUC_LOSS = GuardRule[BinaryEvidence](
    name="max_auc_loss",
    kinds=BINARY,
    stages=AFTER,
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
