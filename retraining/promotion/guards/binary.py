"""Guards of a binary outcome: what a challenger's risks must show."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.evidence import Baseline, BinaryEvidence, GroupRecall
from retraining.promotion.guards import examples
from retraining.promotion.guards.rule import (
    BINARY,
    EITHER,
    FIRST,
    SUCCESSOR,
    Found,
    GuardRule,
)

UNBUDGETED_EXCESS = 1.25
"""Without a budget of the school's own, a model may flag a quarter more than are at risk."""


def selective(evidence: BinaryEvidence, _: PromotionPolicy) -> Found:
    """Whether the challenger tells students apart at all."""
    card = evidence.challenger
    if card.distinct < 2:
        return Found(False)
    if 0 < card.flagged < 1:
        return Found(True, card.flagged)
    flagged = 1.0 if card.flagged >= 1 else 0.0
    return Found(False, flagged, flagged, case="everybody" if flagged else "nobody")


def first_auc(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether a first model ranks well enough to be let in at all."""
    auc = evidence.challenger.auc
    return Found(auc >= policy.first_min_auc, auc, policy.first_min_auc)


def beats(name: str) -> Callable[[BinaryEvidence, PromotionPolicy], Found | None]:
    """Whether more is caught than by the rule of that name, with as many flags."""

    def look(evidence: BinaryEvidence, _: PromotionPolicy) -> Found | None:
        rule = next((r for r in evidence.baselines if r.name == name), None)
        if rule is None:
            return None
        better = rule.challenger > rule.recall
        return Found(better, rule.challenger, rule.recall, {"flagged": rule.flagged})

    return look


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
    return Found(
        gain.confidence >= policy.confidence,
        gain.confidence,
        policy.confidence,
        {"resamples": evidence.resamples, "margin": gain.margin},
    )


def precision_floor(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether enough of the challenger's alarms are true."""
    precision = evidence.challenger.precision
    return Found(precision >= policy.precision_floor, precision, policy.precision_floor)


def alert_budget(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether the challenger's own threshold flags no more students than can be helped.

    The threshold was set on other students, so on these it may overshoot by chance: two standard
    errors are let pass.
    """
    budget = policy.alert_budget
    wanted = evidence.positives / evidence.rows * UNBUDGETED_EXCESS if budget is None else budget
    wanted = min(wanted, 1.0)
    limit = min(1.0, wanted + 2 * math.sqrt(wanted * (1 - wanted) / evidence.rows))
    flagged = evidence.challenger.flagged
    case = "" if budget is None else "budget"
    return Found(flagged <= limit, flagged, limit, {"budget": budget}, case)


def ranking(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether the order of all students, not only of the flagged, has not become worse."""
    if evidence.champion is None:
        raise ValueError("there is no champion to compare the ranking with")
    before, after = evidence.champion.auc, evidence.challenger.auc
    figures = {"before": before, "after": after}
    return Found(
        before - after <= policy.max_auc_loss, before - after, policy.max_auc_loss, figures
    )


def calibration(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether a score means what it says, or at least no less than the champion's does."""
    error = evidence.challenger.calibration_error
    now = evidence.champion.calibration_error if evidence.champion else 0.0
    limit = max(policy.max_calibration_error, now)
    case = "" if limit == policy.max_calibration_error else "champion"
    return Found(error <= limit, error, limit, case=case)


def subgroup_gap(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether the challenger misses one group much more than another, and more than now."""
    gaps = [
        (_gap(groups, "challenger"), _gap(groups, "champion"), attribute)
        for attribute, groups in _judged(evidence).items()
        if len(groups) > 1
    ]
    if not gaps:
        return Found(True)
    gap, now, attribute = max(gaps, key=lambda g: (g[0] - max(policy.max_subgroup_gap, g[1]), g[2]))
    limit = max(policy.max_subgroup_gap, now)
    case = "" if limit == policy.max_subgroup_gap else "champion"
    return Found(gap <= limit, gap, limit, {"attribute": attribute}, case)


def _judged(evidence: BinaryEvidence) -> dict[str, list[GroupRecall]]:
    judged: dict[str, list[GroupRecall]] = {}
    for group in evidence.groups:
        if not group.small:
            judged.setdefault(group.attribute, []).append(group)
    return judged


def _gap(groups: list[GroupRecall], model: str) -> float:
    recalls = [r for g in groups if (r := getattr(g, model)) is not None]
    return max(recalls) - min(recalls) if recalls else 0.0


SELECTIVE = GuardRule[BinaryEvidence](
    name="selective",
    kinds=BINARY,
    stages=EITHER,
    keys=(),
    asks="flags neither everybody nor nobody, and gives more than one score",
    look=selective,
    english={
        "passed": "the challenger flags {value:.1%}",
        "everybody": "the challenger flags everybody",
        "nobody": "the challenger flags nobody",
        "unmeasured": "the challenger gives every student the same score",
    },
    portuguese={
        "name": "distingue os alunos",
        "passed": "o desafiante aponta {value:.1%} dos alunos",
        "failed": "o desafiante não distingue os alunos: aponta {value:.1%} deles",
        "unmeasured": "o desafiante dá a mesma nota de risco a todos",
    },
    example=examples.with_challenger(examples.SUCCESSOR, distinct=1),
)

FIRST_MIN_AUC = GuardRule[BinaryEvidence](
    name="first_min_auc",
    kinds=BINARY,
    stages=FIRST,
    keys=("first_min_auc",),
    asks="AUC is at least this",
    look=first_auc,
    english={"either": "AUC {value:.3f}; a first model needs {limit:.3f}"},
    portuguese={
        "name": "ordenação do primeiro modelo",
        "either": "AUC {value:.3f}; um primeiro modelo precisa de {limit:.3f}",
    },
    example=examples.with_challenger(examples.FIRST, auc=0.6),
)

BEATS_DUMMY = GuardRule[BinaryEvidence](
    name="beats_dummy",
    kinds=BINARY,
    stages=FIRST,
    keys=(),
    asks="catches more than flagging as many at random",
    look=beats("dummy"),
    english={
        "either": "with as many flags as the dummy rule ({flagged:.1%}) it catches {value:.1%} of "
        "those at risk; the rule catches {limit:.1%}"
    },
    portuguese={
        "name": "melhor que o acaso",
        "either": "encontra {value:.1%} dos que ficarão em risco; apontar ao acaso o mesmo número "
        "encontra {limit:.1%}",
    },
    example=replace(examples.FIRST, baselines=(Baseline("dummy", 0.25, 0.5, 0.4),)),
)

BEATS_PERSISTENCE = GuardRule[BinaryEvidence](
    name="beats_persistence",
    kinds=BINARY,
    stages=FIRST,
    keys=(),
    asks="catches more than flagging those who are at risk now",
    look=beats("persistence"),
    english={
        "either": "with as many flags as the persistence rule ({flagged:.1%}) it catches "
        "{value:.1%} of those at risk; the rule catches {limit:.1%}"
    },
    portuguese={
        "name": "melhor que supor que nada muda",
        "either": "encontra {value:.1%} dos que ficarão em risco; supor que nada muda, com o mesmo "
        "número apontado, encontra {limit:.1%}",
    },
    example=replace(examples.FIRST, baselines=(Baseline("persistence", 0.25, 0.5, 0.4),)),
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
        "budget gains more than {margin:+.1p} points; {limit:.0%} is asked"
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

PRECISION_FLOOR = GuardRule[BinaryEvidence](
    name="precision_floor",
    kinds=BINARY,
    stages=EITHER,
    keys=("precision_floor",),
    asks="precision at its own threshold",
    look=precision_floor,
    english={"either": "{value:.1%} of its alarms are true; the floor is {limit:.0%}"},
    portuguese={
        "name": "precisão mínima",
        "passed": "{value:.1%} dos alunos que aponta ficam mesmo em risco; o mínimo é {limit:.1%}",
        "failed": "só {value:.1%} dos alunos que aponta ficam mesmo em risco; "
        "o mínimo é {limit:.1%}",
    },
    example=examples.with_challenger(examples.SUCCESSOR, precision=0.4),
)

ALERT_BUDGET = GuardRule[BinaryEvidence](
    name="alert_budget",
    kinds=BINARY,
    stages=EITHER,
    keys=("alert_budget",),
    asks="share flagged by its own threshold, two standard errors let pass; without a budget a "
    "quarter more than are at risk",
    look=alert_budget,
    english={
        "budget": "its threshold flags {value:.1%} of students; the budget of {budget:.1%} allows "
        "{limit:.1%}, chance included",
        "either": "its threshold flags {value:.1%} of students; a quarter more than are at risk "
        "allows {limit:.1%}, chance included",
    },
    portuguese={
        "name": "limite de alertas",
        "passed": "aponta {value:.1%} dos alunos; o limite é {limit:.1%}, margem do acaso incluída",
        "failed": "aponta {value:.1%} dos alunos, mais que o limite de {limit:.1%}, "
        "margem do acaso incluída",
    },
    example=examples.with_challenger(examples.SUCCESSOR, flagged=0.5),
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

MAX_CALIBRATION_ERROR = GuardRule[BinaryEvidence](
    name="max_calibration_error",
    kinds=BINARY,
    stages=EITHER,
    keys=("max_calibration_error",),
    asks="expected calibration error, or no worse than the champion's",
    look=calibration,
    english={
        "champion": "its scores are {value:.1p} points off on average; "
        "the champion's are {limit:.1p} points off",
        "either": "its scores are {value:.1p} points off on average; "
        "{limit:.1p} points is tolerated",
    },
    portuguese={
        "name": "calibração",
        "passed": "as notas de risco erram em média {value:.1p} pontos; toleram-se {limit:.1p}",
        "failed": "as notas de risco erram em média {value:.1p} pontos, "
        "mais que os {limit:.1p} tolerados",
    },
    example=examples.with_challenger(examples.SUCCESSOR, calibration_error=0.2),
)

MAX_SUBGROUP_GAP = GuardRule[BinaryEvidence](
    name="max_subgroup_gap",
    kinds=BINARY,
    stages=SUCCESSOR,
    keys=("max_subgroup_gap",),
    asks="recall between groups with 30 at risk or more, or no wider than the champion's",
    look=subgroup_gap,
    english={
        "champion": "recall differs by {value:.1p} points between groups of {attribute}; "
        "the champion's differs by {limit:.1p} points",
        "either": "recall differs by {value:.1p} points between groups of {attribute}; "
        "{limit:.1p} points is tolerated",
        "unmeasured": "no two groups are large enough to compare",
    },
    portuguese={
        "name": "diferença entre grupos",
        "passed": "o que encontra difere {value:.1p} pontos entre grupos; toleram-se {limit:.1p}",
        "failed": "o que encontra difere {value:.1p} pontos entre grupos, "
        "mais que os {limit:.1p} tolerados",
        "unmeasured": "não há dois grupos grandes o bastante para comparar",
    },
    example=examples.with_groups("gender", girl=0.6, boy=0.9),
)
