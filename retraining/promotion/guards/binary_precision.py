"""Guards on false alarms: against the champion or the share at risk, and a school's own floor."""

from __future__ import annotations

from dataclasses import replace

from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.evidence import BinaryEvidence, Contrast
from retraining.promotion.guards import examples
from retraining.promotion.guards.rule import BINARY, EITHER, Found, GuardRule


def precision(evidence: BinaryEvidence, _: PromotionPolicy) -> Found | None:
    """Whether alarms are true as often as is known to be possible without the challenger.

    A successor must not be shown to be worse than the champion flagging as many; a first model must
    be shown to be better than flagging at random.
    """
    found = evidence.precision
    if found is None:
        return None
    figures = {"theirs": found.theirs}
    if evidence.champion is None:
        limit = found.theirs + found.room
        return Found(found.ours > limit, found.ours, limit, figures, "first")
    limit = found.theirs - found.room
    return Found(found.ours >= limit, found.ours, limit, figures)


def precision_floor(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found | None:
    """Whether enough of the challenger's alarms are true for the school that sets a floor."""
    if policy.precision_floor is None:
        return None
    found = evidence.challenger.precision
    return Found(found >= policy.precision_floor, found, policy.precision_floor)


PRECISION = GuardRule[BinaryEvidence](
    name="precision",
    kinds=BINARY,
    stages=EITHER,
    keys=(),
    asks="precision at its own threshold: of a first model above the share at risk beyond chance, "
    "of a successor not below the champion's flagging as many, beyond chance",
    look=precision,
    english={
        "first": "{value:.1%} of its alarms are true; {theirs:.1%} of all are at risk, and beyond "
        "chance is more than {limit:.1%}",
        "either": "{value:.1%} of its alarms are true; of as many of the champion's {theirs:.1%} "
        "are, and less than {limit:.1%} would be worse beyond chance",
    },
    portuguese={
        "name": "precisão",
        "passed": "{value:.1%} dos alunos que aponta ficam mesmo em risco; o limite, margem do "
        "acaso incluída, é {limit:.1%}",
        "failed": "só {value:.1%} dos alunos que aponta ficam mesmo em risco; o limite, margem do "
        "acaso incluída, é {limit:.1%}",
    },
    example=replace(examples.SUCCESSOR, precision=Contrast(0.7, 0.8, 0.03)),
    provisional=True,
)

PRECISION_FLOOR = GuardRule[BinaryEvidence](
    name="precision_floor",
    kinds=BINARY,
    stages=EITHER,
    keys=("precision_floor",),
    asks="precision at its own threshold, where the school sets a floor",
    look=precision_floor,
    english={"either": "{value:.1%} of its alarms are true; the floor is {limit:.0%}"},
    portuguese={
        "name": "precisão mínima",
        "passed": "{value:.1%} dos alunos que aponta ficam mesmo em risco; o mínimo é {limit:.1%}",
        "failed": "só {value:.1%} dos alunos que aponta ficam mesmo em risco; "
        "o mínimo é {limit:.1%}",
    },
    example=examples.with_challenger(examples.SUCCESSOR, precision=0.4),
    policy=PromotionPolicy(precision_floor=0.5),
    provisional=True,
)
