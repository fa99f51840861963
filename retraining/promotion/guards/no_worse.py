"""Guards of a replacement: a champion that learned from erased students goes if it can.

A school has asked that a student be forgotten, so the challenger owes no gain; it owes that nobody
is served worse. A loss that chance explains is none: between two equal models one is always behind.
"""

from __future__ import annotations

from dataclasses import replace

from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.evidence import BinaryEvidence
from retraining.promotion.guards import examples
from retraining.promotion.guards.rule import BINARY, NUMERIC, REPLACEMENT, Found, GuardRule
from retraining.promotion.numeric import NumericEvidence


def recall(evidence: BinaryEvidence, _: PromotionPolicy) -> Found:
    """Whether no fewer of those at risk are caught with as many flags, beyond chance."""
    gain = evidence.gain("recall_at_budget")
    return Found(
        gain.high >= 0,
        gain.gain,
        None,
        {
            "flagged": evidence.flagged,
            "rows": evidence.rows,
            "before": gain.champion,
            "after": gain.challenger,
            "low": gain.low,
            "high": gain.high,
        },
    )


def error(evidence: NumericEvidence, _: PromotionPolicy) -> Found:
    """Whether the error is no larger, beyond chance."""
    if evidence.champion is None or evidence.gain is None or evidence.high is None:
        raise ValueError("there is no champion to compare the error with")
    return Found(
        evidence.high >= 0,
        evidence.gain,
        None,
        {
            "before": evidence.champion.mae,
            "after": evidence.challenger.mae,
            "low": evidence.low,
            "high": evidence.high,
        },
    )


RECALL = GuardRule[BinaryEvidence](
    name="no_worse",
    kinds=BINARY,
    stages=REPLACEMENT,
    keys=(),
    asks="of a model that replaces one which learned from erased students: recall at equal budget "
    "is not lower beyond chance (the upper end of the 95 % interval of the gain is not below 0)",
    look=recall,
    english={
        "either": "with {flagged} of {rows} students flagged by both, recall goes from "
        "{before:.1%} to {after:.1%}: {value:+.1p} points ({low:+.1p} points to {high:+.1p} points "
        "at 95 %); it may not be lower beyond chance, for the champion learned from students who "
        "were erased since"
    },
    portuguese={
        "name": "não é pior",
        "passed": "com o mesmo número de alunos apontados, a diferença no que encontra é de "
        "{value:+.1p} pontos: não é pior além do acaso",
        "failed": "com o mesmo número de alunos apontados, a diferença no que encontra é de "
        "{value:+.1p} pontos: é pior além do acaso",
    },
    example=replace(
        examples.with_gain("recall_at_budget", gain=-0.05, low=-0.08, high=-0.02),
        without_erased=True,
    ),
)

ERROR = GuardRule[NumericEvidence](
    name="no_worse",
    kinds=NUMERIC,
    stages=REPLACEMENT,
    keys=(),
    asks="of a model that replaces one which learned from erased students: the error is not larger "
    "beyond chance",
    look=error,
    english={
        "either": "mean absolute error goes from {before:.3g} to {after:.3g}: {value:+.1%} of it "
        "saved ({low:+.1%} to {high:+.1%} at 95 %); it may not grow beyond chance, for the "
        "champion learned from students who were erased since"
    },
    portuguese={
        "name": "não é pior",
        "passed": "a diferença no erro médio é de {value:+.1%}: não é pior além do acaso",
        "failed": "a diferença no erro médio é de {value:+.1%}: é pior além do acaso",
    },
    example=replace(
        examples.NUMERIC_SUCCESSOR, gain=-0.2, low=-0.3, high=-0.1, without_erased=True
    ),
)
