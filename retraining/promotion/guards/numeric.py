"""Guards of a numeric outcome: what a challenger's predictions must show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.guards import examples
from retraining.promotion.guards.rule import AFTER, FIRST, NUMERIC, SUCCESSOR, Found, GuardRule
from retraining.promotion.guards.shared import asked_confidence
from retraining.promotion.numeric import NumericEvidence


def explains(evidence: NumericEvidence, _: PromotionPolicy) -> Found:
    """Whether the predictions say more than the mean of everybody."""
    r2 = evidence.challenger.r2
    return Found(r2 > 0, r2, 0.0)


def first_r2(evidence: NumericEvidence, policy: PromotionPolicy) -> Found:
    """Whether a first model explains enough to be let in at all."""
    r2 = evidence.challenger.r2
    return Found(r2 > policy.first_min_r2, r2, policy.first_min_r2)


def beats(name: str) -> Callable[[NumericEvidence, PromotionPolicy], Found | None]:
    """Whether the error is less than that of the rule of that name."""

    def look(evidence: NumericEvidence, _: PromotionPolicy) -> Found | None:
        error = evidence.baselines.get(name)
        mae = evidence.challenger.mae
        return None if error is None else Found(mae < error, mae, error)

    return look


def gain(evidence: NumericEvidence, policy: PromotionPolicy) -> Found:
    """Whether enough of the champion's error is saved."""
    if evidence.champion is None or evidence.gain is None:
        raise ValueError("there is no champion to compare the error with")
    return Found(
        evidence.gain > policy.min_mae_gain,
        evidence.gain,
        policy.min_mae_gain,
        {
            "before": evidence.champion.mae,
            "after": evidence.challenger.mae,
            "low": evidence.low,
            "high": evidence.high,
        },
    )


def confidence(evidence: NumericEvidence, policy: PromotionPolicy) -> Found:
    """Whether luck is excluded well enough as the reason of the gain."""
    sure = evidence.confidence or 0.0
    figures = {"resamples": evidence.resamples, "margin": evidence.margin}
    asked = asked_confidence(evidence, policy)
    return Found(sure >= asked, sure, asked, figures)


EXPLAINS = GuardRule[NumericEvidence](
    name="explains",
    kinds=NUMERIC,
    stages=AFTER,
    keys=(),
    asks="a positive R²",
    look=explains,
    english={"either": "R² {value:.3f}; the mean alone has 0"},
    portuguese={
        "name": "explica",
        "either": "R² {value:.3f}; a média sozinha tem {limit:.3f}",
    },
    example=replace(
        examples.NUMERIC_SUCCESSOR,
        challenger=replace(examples.NUMERIC_SUCCESSOR.challenger, r2=-0.1),
    ),
)

FIRST_MIN_R2 = GuardRule[NumericEvidence](
    name="first_min_r2",
    kinds=NUMERIC,
    stages=FIRST,
    keys=("first_min_r2",),
    asks="R² above this",
    look=first_r2,
    english={
        "either": "R² {value:.3f}; a first model needs more than {limit:.3f}, and the mean alone "
        "has 0"
    },
    portuguese={
        "name": "explicação do primeiro modelo",
        "either": "R² {value:.3f}; um primeiro modelo precisa de mais de {limit:.3f}, "
        "e a média sozinha tem 0",
    },
    example=replace(
        examples.NUMERIC_FIRST,
        challenger=replace(examples.NUMERIC_FIRST.challenger, r2=0.01),
    ),
    provisional=True,
)

BEATS_MEAN = GuardRule[NumericEvidence](
    name="beats_dummy",
    kinds=NUMERIC,
    stages=FIRST,
    keys=(),
    asks="less mean absolute error than the mean of everybody",
    look=beats("dummy"),
    english={"either": "mean absolute error {value:.3g}; the dummy rule has {limit:.3g}"},
    portuguese={
        "name": "melhor que o acaso",
        "either": "erra em média {value:.3f}; dizer a média de todos erra {limit:.3f}",
    },
    example=replace(examples.NUMERIC_FIRST, baselines={"dummy": 3.0}),
)

BEATS_ENVIRONMENT = GuardRule[NumericEvidence](
    name="beats_environment",
    kinds=NUMERIC,
    stages=FIRST,
    provisional=True,
    keys=(),
    asks="less mean absolute error than the mean of the student's school, class or phase",
    look=beats("environment"),
    english={"either": "mean absolute error {value:.3g}; the environment rule has {limit:.3g}"},
    portuguese={
        "name": "melhor que ir pela escola ou turma",
        "either": "erra em média {value:.3f}; dizer a média da escola, turma ou fase erra "
        "{limit:.3f}",
    },
    example=replace(examples.NUMERIC_FIRST, baselines={"environment": 3.0}),
)

BEATS_TODAY = GuardRule[NumericEvidence](
    name="beats_persistence",
    kinds=NUMERIC,
    stages=FIRST,
    keys=(),
    asks="less mean absolute error than the present value",
    look=beats("persistence"),
    english={"either": "mean absolute error {value:.3g}; the persistence rule has {limit:.3g}"},
    portuguese={
        "name": "melhor que supor que nada muda",
        "either": "erra em média {value:.3f}; supor que nada muda erra {limit:.3f}",
    },
    example=replace(examples.NUMERIC_FIRST, baselines={"persistence": 3.0}),
)

MIN_MAE_GAIN = GuardRule[NumericEvidence](
    name="min_mae_gain",
    kinds=NUMERIC,
    stages=SUCCESSOR,
    keys=("min_mae_gain",),
    asks="share of the champion's mean absolute error saved is more than this",
    look=gain,
    english={
        "either": "mean absolute error goes from {before:.3g} to {after:.3g}, {value:+.1%} saved "
        "({low:+.1%} to {high:+.1%} at 95 %); more than {limit:.1%} is asked"
    },
    portuguese={
        "name": "erro poupado",
        "either": "poupa {value:.1%} do erro médio do modelo em serviço; "
        "pede-se mais de {limit:.1%}",
    },
    example=replace(examples.NUMERIC_SUCCESSOR, gain=0.005),
)

CONFIDENCE = GuardRule[NumericEvidence](
    name="confidence",
    kinds=NUMERIC,
    stages=SUCCESSOR,
    keys=("confidence", "min_mae_gain"),
    asks="share of resamples in which more than `min_mae_gain` is saved",
    look=confidence,
    english={
        "either": "in {value:.1%} of {resamples} resamples of these students it saves more than "
        "{margin:.1%}; {limit:.1%} is asked"
    },
    portuguese={
        "name": "certeza",
        "passed": "em {value:.1%} das reamostragens destes alunos o ganho se mantém; "
        "pede-se {limit:.1%}",
        "failed": "só em {value:.1%} das reamostragens destes alunos o ganho se mantém; "
        "pede-se {limit:.1%}: pode ser acaso",
    },
    example=replace(examples.NUMERIC_SUCCESSOR, confidence=0.9),
)
