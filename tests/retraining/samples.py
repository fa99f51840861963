"""Small samples that several tests draw from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.bootstrap import Metric
from retraining.promotion.cases import Answers, Cases
from retraining.promotion.comparison import compare
from retraining.promotion.evidence import BinaryEvidence
from retraining.promotion.ranking import Floats

POLICY = PromotionPolicy()


def cases(outcome: Floats, *, seed: int = 0) -> Cases:
    n = len(outcome)
    rng = np.random.default_rng(seed)
    return Cases(
        outcome=outcome,
        students=np.arange(n).astype(np.str_),
        periods=np.full(n, "2023"),
        protected={"gender": rng.choice(np.array(["girl", "boy"]), n)},
        rules={"dummy": np.full(n, outcome.mean())},
    )


def world(n: int, *, seed: int = 0) -> tuple[Floats, Floats]:
    """Calibrated risks and outcomes drawn from them."""
    rng = np.random.default_rng(seed)
    risk = 1 / (1 + np.exp(-2.5 * rng.normal(size=n)))
    return risk, (rng.random(n) < risk).astype(np.float64)


def blurred(risk: Floats, noise: float, *, seed: int) -> Floats:
    """The same risk, seen less clearly."""
    logit = np.log(risk / (1 - risk))
    seen = logit + noise * np.random.default_rng(seed).normal(size=len(risk))
    return np.asarray(1 / (1 + np.exp(-seen)))


def better_challenger(n: int = 1500) -> BinaryEvidence:
    """A challenger that sees the risk clearly against a champion that hardly does."""
    risk, outcome = world(n)
    return compare(
        cases(outcome),
        Answers("v2", risk, 0.5),
        Answers("v1", blurred(risk, 3.0, seed=5), 0.5),
        POLICY,
        seed=0,
        resamples=400,
        metrics=tuple(Metric),
    )


def with_challenger(evidence: BinaryEvidence, **changed: float) -> BinaryEvidence:
    """The same evidence with other figures on the challenger's card."""
    return replace(evidence, challenger=replace(evidence.challenger, **changed))  # type: ignore[arg-type]
