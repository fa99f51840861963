"""The guard that asks where a gain was measured."""

from __future__ import annotations

from dataclasses import replace

from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.evidence import BinaryEvidence, Expected, Source
from retraining.promotion.guards import examples
from retraining.promotion.guards.rule import BINARY, SUCCESSOR, Found, GuardRule

SUFFICIENT = {
    "forward": {Source.FORWARD},
    "either": {Source.FORWARD, Source.WITHIN_BOTH},
    "within": set(Source),
}
"""Which sources a gain may have, under each `evidence` of the policy."""

NEXT = "; {value:+.1p} points ({low:+.1p} to {high:+.1p} at 95 %) are expected in the next period"


def evidence_source(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether the gain comes from where the policy lets it.

    A refresh is a case of its own (`promotion.refresh`), and a comparison that names no source is
    not one of periods.
    """
    sufficient = {"", *SUFFICIENT[policy.evidence]}
    case = "refresh" if evidence.refresh else evidence.source
    foretold = evidence.expected
    if foretold is None:
        return Found(evidence.refresh or evidence.source in sufficient)
    return Found(
        evidence.refresh or evidence.source in sufficient,
        foretold.gain,
        figures={"low": foretold.low, "high": foretold.high},
        case=case,
    )


EVIDENCE = GuardRule[BinaryEvidence](
    name="evidence",
    kinds=BINARY,
    stages=SUCCESSOR,
    keys=("evidence",),
    asks="a gain on periods that neither model learned from (`forward`), or also on one that both "
    "learned from (`either`), or on any (`within`); a refresh is let pass",
    look=evidence_source,
    english={
        "forward": "the recipes were compared on earlier periods, by models older than each; what "
        "serves is the challenger's recipe with the newest period too" + NEXT,
        "within_both": "both models learned from other students of the period judged" + NEXT,
        "within_alone": "only the challenger learned from the period judged, and what is "
        "particular to a period does not come back" + NEXT,
        "refresh": "a refresh, the champion's recipe with more records: measured within the newest "
        "period, from which only the challenger learned" + NEXT,
        "passed": "the models were compared where the policy lets them",
        "failed": "only the challenger learned from the period judged",
        "unmeasured": "nothing is foretold of the next period",
    },
    portuguese={
        "name": "origem da evidência",
        "passed": "o ganho foi medido onde a política permite; no próximo período espera-se um "
        "ganho de {value:+.1p} pontos",
        "failed": "só o desafiante aprendeu com o período avaliado, e o que é próprio de um "
        "período não volta; no próximo período espera-se um ganho de {value:+.1p} pontos",
        "unmeasured": "nada se prevê do próximo período",
    },
    example=replace(
        examples.SUCCESSOR,
        source=Source.WITHIN_ALONE.value,
        expected=Expected(0.0125, -0.03, 0.055, 0.02, "persistence"),
    ),
)
