"""How often luck wins: two models of known quality, decided on again and again.

A student's risk is a standard normal; the outcome is drawn from it; each model sees the risk
through noise of its own, correlated with the other's because both learn from the same indicators.
The challenger's noise is set so that its true recall (in a population of 400,000) is the champion's
plus a wanted gain. Every trial draws n students and runs the real comparison and decision.

`python -m retraining.simulation --help` tells how to run it; results in docs/promotion.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from model.promotion import DecisionStatus
from preprocessing.policies import PromotionPolicy
from retraining.bootstrap import Metric
from retraining.comparison import Answers, Cases, compare
from retraining.policy import decide
from retraining.ranking import Floats

POPULATION = 400_000
SIZES = (300, 765, 1156, 5000)
GAINS = (0.0, 0.02, 0.05, 0.10)
NAIVE_GAIN = 0.01
POLICY = PromotionPolicy()


@dataclass(frozen=True, slots=True)
class World:
    """What nature is like; the defaults give PEDE's prevalence and its honest recall.

    Attributes:
        prevalence: share at risk.
        steepness: how strongly the latent risk decides the outcome.
        noise: standard deviation of the champion's error on the latent risk.
        correlation: of the two models' errors.
    """

    prevalence: float = 0.46
    steepness: float = 3.5
    noise: float = 0.8
    correlation: float = 0.6


@dataclass(frozen=True, slots=True)
class Draw:
    """n students: their outcome and both models' raw scores, each of shape (n,)."""

    outcome: Floats
    champion: Floats
    challenger: Floats


@dataclass(frozen=True, slots=True)
class Result:
    """How often each gate promoted a challenger of that true gain."""

    n: int
    correlation: float
    true_gain: float
    trials: int
    promoted: float
    naive: float


def draw(world: World, n: int, challenger_noise: float, rng: np.random.Generator) -> Draw:
    """Draws n students and what both models say of them."""
    risk, first, second = rng.normal(size=(3, n))
    offset = np.quantile(_population_risk(world), 1 - world.prevalence)
    chance = 1 / (1 + np.exp(-world.steepness * (risk - offset)))
    both = world.correlation * first + np.sqrt(1 - world.correlation**2) * second
    return Draw(
        outcome=(rng.random(n) < chance).astype(np.float64),
        champion=risk + world.noise * first,
        challenger=risk + challenger_noise * both,
    )


def _population_risk(world: World) -> Floats:
    return np.random.default_rng(0).normal(size=20_000)


def recall_at_prevalence(outcome: Floats, scores: Floats) -> float:
    """Share caught when as many are flagged as are at risk."""
    top = np.argsort(-scores, kind="stable")[: int(outcome.sum())]
    return float(outcome[top].mean())


def noise_for(world: World, true_gain: float) -> float:
    """The challenger's noise that gives it that much more recall than the champion, by bisection.

    Raises:
        ValueError: not even a model without noise is that good.
    """

    def gained(noise: float) -> float:
        people = draw(world, POPULATION, noise, np.random.default_rng(1))
        return recall_at_prevalence(people.outcome, people.challenger) - recall_at_prevalence(
            people.outcome, people.champion
        )

    if true_gain == 0:
        return world.noise
    if gained(0.0) < true_gain:
        raise ValueError(f"no model of this world gains {true_gain:.2f}")
    low, high = 0.0, world.noise
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if gained(middle) > true_gain else (low, middle)
    return (low + high) / 2


class Calibrator:
    """Turns a model's raw scores into calibrated risk, as the population teaches it."""

    def __init__(self, scores: Floats, outcome: Floats, prevalence: float) -> None:
        order = np.argsort(scores)
        bins = np.array_split(order, 400)
        self._at = np.array([scores[b].mean() for b in bins])
        self._risk = np.maximum.accumulate([outcome[b].mean() for b in bins])
        self.threshold = float(self(np.array([np.quantile(scores, 1 - prevalence)]))[0])

    def __call__(self, scores: Floats) -> Floats:
        """The calibrated risk of raw scores, shape (n,) both."""
        # The tiny slope keeps different scores different where the curve is flat.
        return np.clip(np.interp(scores, self._at, self._risk) + 1e-9 * scores, 0, 1)


def simulate(
    world: World, n: int, true_gain: float, *, trials: int, resamples: int, seed: int
) -> Result:
    """Runs the decision `trials` times on fresh students."""
    noise = noise_for(world, true_gain)
    people = draw(world, POPULATION, noise, np.random.default_rng(2))
    champion = Calibrator(people.champion, people.outcome, world.prevalence)
    challenger = Calibrator(people.challenger, people.outcome, world.prevalence)
    rng = np.random.default_rng(seed)
    promoted = naive = 0
    for trial in range(trials):
        sample = draw(world, n, noise, rng)
        evidence = compare(
            _cases(sample, rng),
            Answers("v2", challenger(sample.challenger), challenger.threshold),
            Answers("v1", champion(sample.champion), champion.threshold),
            POLICY,
            seed=trial,
            resamples=resamples,
            metrics=(Metric.RECALL,),
        )
        promoted += decide(evidence, POLICY).status is DecisionStatus.PROMOTED
        naive += evidence.gain("recall_at_budget").gain > NAIVE_GAIN
    return Result(n, world.correlation, true_gain, trials, promoted / trials, naive / trials)


def _cases(sample: Draw, rng: np.random.Generator) -> Cases:
    n = len(sample.outcome)
    return Cases(
        outcome=sample.outcome,
        students=np.arange(n).astype(np.str_),
        periods=np.full(n, "2023"),
        protected={"gender": np.where(rng.random(n) < 0.5, "a", "b")},
        rules={},
    )


def study(
    sizes: Sequence[int], gains: Sequence[float], correlations: Sequence[float], trials: int
) -> Iterator[Result]:
    """Every combination, one after the other."""
    for correlation in correlations:
        for true_gain in gains:
            for n in sizes:
                world = World(correlation=correlation)
                yield simulate(world, n, true_gain, trials=trials, resamples=1000, seed=n)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints one JSON object a combination."""
    parser = argparse.ArgumentParser(
        prog="python -m retraining.simulation",
        description="Simulates how often the promotion policy and a naive +0.01 gate promote.",
    )
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--gains", type=float, nargs="+", default=GAINS)
    parser.add_argument("--correlations", type=float, nargs="+", default=(0.3, 0.6, 0.9))
    options = parser.parse_args(argv)
    for result in study(options.sizes, options.gains, options.correlations, options.trials):
        sys.stdout.write(json.dumps(asdict(result)) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
