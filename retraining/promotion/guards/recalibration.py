"""Guards of a recalibration: the ranking stays, and the scores mean more beyond chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.evidence import BinaryEvidence
from retraining.promotion.guards import examples
from retraining.promotion.guards.rule import BINARY, RECALIBRATION, Found, GuardRule


def same_ranking(evidence: BinaryEvidence, _: PromotionPolicy) -> Found:
    """Whether nobody changes places."""
    return Found(evidence.ranking_kept)


def better(metric: str) -> Callable[[BinaryEvidence, PromotionPolicy], Found]:
    """Whether luck is excluded as the reason why a loss fell."""

    def look(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
        gain = evidence.gain(metric)
        return Found(
            gain.gain > 0 and gain.confidence >= policy.confidence,
            gain.confidence,
            policy.confidence,
            {
                "before": gain.champion,
                "after": gain.challenger,
                "resamples": evidence.resamples,
            },
        )

    return look


SAME_RANKING = GuardRule[BinaryEvidence](
    name="same_ranking",
    kinds=BINARY,
    stages=RECALIBRATION,
    keys=(),
    asks="nobody changes places",
    look=same_ranking,
    english={
        "passed": "it orders the students as the champion does",
        "failed": "it orders the students differently from the champion",
    },
    portuguese={
        "name": "mesma ordem",
        "passed": "ordena os alunos como o modelo em serviço",
        "failed": "ordena os alunos de modo diferente do modelo em serviço",
    },
    example=replace(examples.RECALIBRATION, ranking_kept=False),
)

CALIBRATION_GAIN = GuardRule[BinaryEvidence](
    name="calibration_gain",
    kinds=BINARY,
    stages=RECALIBRATION,
    keys=("confidence",),
    asks="share of resamples in which the expected calibration error is less",
    look=better("calibration_error"),
    english={
        "either": "its scores are {after:.1p} points off on average and the champion's "
        "{before:.1p}; in {value:.1%} of {resamples} resamples of these students less, and "
        "{limit:.0%} is asked"
    },
    portuguese={
        "name": "calibração melhor",
        "passed": "em {value:.1%} das reamostragens destes alunos as notas de risco erram menos; "
        "pede-se {limit:.1%}",
        "failed": "só em {value:.1%} das reamostragens destes alunos as notas de risco erram "
        "menos; pede-se {limit:.1%}: pode ser acaso",
    },
    example=examples.with_recalibration("calibration_error", confidence=0.9),
)

LOG_LOSS_GAIN = GuardRule[BinaryEvidence](
    name="log_loss_gain",
    kinds=BINARY,
    stages=RECALIBRATION,
    keys=("confidence",),
    asks="share of resamples in which the log loss is less",
    look=better("log_loss"),
    english={
        "either": "log loss goes from {before:.3f} to {after:.3f}; in {value:.1%} of {resamples} "
        "resamples of these students it falls, and {limit:.0%} is asked"
    },
    portuguese={
        "name": "perda logarítmica menor",
        "passed": "em {value:.1%} das reamostragens destes alunos a perda logarítmica diminui; "
        "pede-se {limit:.1%}",
        "failed": "só em {value:.1%} das reamostragens destes alunos a perda logarítmica diminui; "
        "pede-se {limit:.1%}: pode ser acaso",
    },
    example=examples.with_recalibration("log_loss", confidence=0.9),
)
