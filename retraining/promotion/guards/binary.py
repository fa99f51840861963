"""Guards of a binary outcome that any challenger must meet: what its own risks must show."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.evidence import Baseline, BinaryEvidence
from retraining.promotion.guards import examples
from retraining.promotion.guards.rule import (
    BINARY,
    EITHER,
    FIRST,
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
    """Whether more is caught than by the rule of that name, with as many flags.

    A rule that flags nobody, where its column is empty say, is no comparison.
    """

    def look(evidence: BinaryEvidence, _: PromotionPolicy) -> Found | None:
        rule = next((r for r in evidence.baselines if r.name == name), None)
        if rule is None or not rule.flagged:
            return None
        better = rule.challenger > rule.recall
        return Found(better, rule.challenger, rule.recall, {"flagged": rule.flagged})

    return look


def alert_budget(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether the challenger's own threshold flags no more students than can be helped.

    The threshold was set on other students, so on these it may overshoot by chance: two standard
    errors are let pass.
    """
    budget = policy.budget
    wanted = evidence.positives / evidence.rows * UNBUDGETED_EXCESS if budget is None else budget
    wanted = min(wanted, 1.0)
    limit = min(1.0, wanted + 2 * math.sqrt(wanted * (1 - wanted) / evidence.rows))
    flagged = evidence.challenger.flagged
    case = "" if budget is None else "budget"
    return Found(flagged <= limit, flagged, limit, {"budget": budget}, case)


def calibration(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether a score means what it says, or at least no less than the champion's does."""
    error = evidence.challenger.calibration_error
    now = evidence.champion.calibration_error if evidence.champion else 0.0
    limit = max(policy.max_calibration_error, now)
    case = "" if limit == policy.max_calibration_error else "champion"
    return Found(error <= limit, error, limit, case=case)


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
    provisional=True,
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

BEATS_ENVIRONMENT = GuardRule[BinaryEvidence](
    name="beats_environment",
    kinds=BINARY,
    stages=FIRST,
    provisional=True,
    keys=(),
    asks="catches more than flagging the schools, classes or phases with the largest share at risk",
    look=beats("environment"),
    english={
        "either": "with as many flags as the environment rule ({flagged:.1%}) it catches "
        "{value:.1%} of those at risk; the rule catches {limit:.1%}"
    },
    portuguese={
        "name": "melhor que ir pela escola ou turma",
        "either": "encontra {value:.1%} dos que ficarão em risco; ir só pela escola, turma ou "
        "fase, com o mesmo número apontado, encontra {limit:.1%}",
    },
    example=replace(examples.FIRST, baselines=(Baseline("environment", 0.25, 0.5, 0.4),)),
)

ALERT_BUDGET = GuardRule[BinaryEvidence](
    name="alert_budget",
    kinds=BINARY,
    stages=EITHER,
    keys=("alert_budget", "lanes"),
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
    provisional=True,
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
    provisional=True,
)
