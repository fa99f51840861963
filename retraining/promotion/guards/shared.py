"""Guards of every outcome: is there enough to judge on, and is there anything new?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from preprocessing.task.outcome_kinds import OutcomeKind
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.evidence import BinaryEvidence
from retraining.promotion.guards import examples
from retraining.promotion.guards.rule import (
    ANY_KIND,
    BINARY,
    SAMPLE,
    SUCCESSOR,
    Found,
    GuardRule,
    Stage,
)
from retraining.promotion.numeric import NumericEvidence

MIN_NEGATIVES = 10
"""Fewer students who turned out well than this cannot show how often a model cries wolf."""


@dataclass(frozen=True, slots=True)
class LabelledCounts:
    """Labelled records that models might be compared on.

    Attributes:
        rows: how many.
        positives: of how many the outcome is 1; no guard of a numeric outcome asks.
    """

    kind: OutcomeKind
    rows: int
    positives: int


AnyEvidence = BinaryEvidence | NumericEvidence


def enough_labelled(sample: LabelledCounts | AnyEvidence, policy: PromotionPolicy) -> Found:
    """Whether there are enough labelled records to compare on."""
    return Found(sample.rows >= policy.min_labelled, sample.rows, policy.min_labelled)


def enough_cases(sample: LabelledCounts | BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether both kinds of students are there in sufficient number."""
    negatives = sample.rows - sample.positives
    return Found(
        sample.positives >= policy.min_positives and negatives >= MIN_NEGATIVES,
        sample.positives,
        policy.min_positives,
        {"negatives": negatives, "needed": MIN_NEGATIVES},
    )


def asked_confidence(evidence: AnyEvidence, policy: PromotionPolicy) -> float:
    """How sure a look must be: 1 less its part of the period's error budget."""
    return policy.confidence if evidence.look is None else 1.0 - evidence.look.alpha


def different_model(evidence: AnyEvidence, _: PromotionPolicy) -> Found:
    """Whether the challenger is anything new."""
    return Found(not evidence.same_model)


def champion_unmoved(moved: bool, _: PromotionPolicy) -> Found:
    """Whether the champion is still the one that was compared with."""
    return Found(not moved)


MIN_LABELLED = GuardRule[LabelledCounts | AnyEvidence](
    name="min_labelled",
    kinds=ANY_KIND,
    stages=SAMPLE,
    keys=("min_labelled",),
    asks="new records to judge on",
    look=enough_labelled,
    english={
        "passed": "{value} new labelled records to judge on",
        "failed": "only {value} new labelled records to judge on; {limit} are needed",
    },
    portuguese={
        "name": "registros suficientes",
        "passed": "{value:.0f} novos registros com desfecho para comparar",
        "failed": "só {value:.0f} novos registros com desfecho para comparar; "
        "são precisos {limit:.0f}",
    },
    example=replace(examples.SUCCESSOR, rows=99, positives=50),
)

MIN_POSITIVES = GuardRule[LabelledCounts | BinaryEvidence](
    name="min_positives",
    kinds=BINARY,
    stages=SAMPLE,
    keys=("min_positives",),
    asks="new records at risk, and 10 that are not",
    look=enough_cases,
    english={
        "passed": "{value} of them at risk and {negatives} not",
        "failed": "{value} of them at risk and {negatives} not; "
        "{limit} at risk and {needed} not are needed",
    },
    portuguese={
        "name": "casos suficientes",
        "passed": "{value:.0f} deles em risco",
        "failed": "{value:.0f} deles em risco; são precisos {limit:.0f}, e também alunos sem risco",
    },
    example=replace(examples.SUCCESSOR, positives=49),
)

DIFFERENT_MODEL = GuardRule[AnyEvidence](
    name="different_model",
    kinds=ANY_KIND,
    stages=SUCCESSOR,
    keys=(),
    asks="another bundle, other answers",
    look=different_model,
    english={
        "passed": "the challenger answers differently from the champion",
        "failed": "challenger and champion are the same model",
    },
    portuguese={
        "name": "modelo diferente",
        "passed": "o desafiante responde de modo diferente do modelo em serviço",
        "failed": "o desafiante e o modelo em serviço são o mesmo",
    },
    example=replace(examples.SUCCESSOR, same_model=True),
)

CHAMPION_UNMOVED = GuardRule[bool](
    name="champion_unmoved",
    kinds=ANY_KIND,
    stages=frozenset({Stage.WRITING}),
    keys=(),
    asks="nobody changed the champion while the run was deciding",
    look=champion_unmoved,
    english={
        "passed": "nobody changed the champion while this run was deciding",
        "failed": "somebody changed the champion while this run was deciding; "
        "it compared with another",
    },
    portuguese={
        "name": "mesmo modelo em serviço",
        "passed": "ninguém trocou o modelo em serviço durante a decisão",
        "failed": "alguém trocou o modelo em serviço enquanto esta execução decidia; "
        "ela comparou com outro",
    },
    example=True,
)
