"""How often luck wins: two models of known quality, decided on again and again.

A student's risk is a standard normal; the outcome is drawn from it; each model sees the risk
through noise of its own, correlated with the other's because both learn from the same indicators.
The challenger's noise is set so that its true recall (in a population of 400,000) is the champion's
plus a wanted gain. Every trial draws n students, on whom several challengers of different gains are
each compared with the champion, and runs the real comparison and decision. Resamples are drawn once
a trial and only for challengers that nothing but luck may stop; the decisions are the same.

`python -m tests.studies.promotion_simulation --help` tells how to run it; results are in
docs/promotion.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np

from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.bootstrap import Metric
from retraining.promotion.cases import Answers, Cases
from retraining.promotion.comparison import compare_many
from retraining.promotion.decision import decide
from retraining.promotion.evidence import BinaryEvidence
from retraining.promotion.guards.binary_gain import confidence, gain_at_budget
from retraining.promotion.ranking import Floats

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
        even: the latent risk at which the outcome is a fair coin; None is where the share above it
            is the prevalence, which makes a rare outcome somewhat less rare.
    """

    prevalence: float = 0.46
    steepness: float = 3.5
    noise: float = 0.8
    correlation: float = 0.6
    even: float | None = None

    @property
    def offset(self) -> float:
        """The latent risk at which the outcome is a fair coin."""
        if self.even is not None:
            return self.even
        return float(np.quantile(np.random.default_rng(0).normal(size=20_000), 1 - self.prevalence))


@dataclass(frozen=True, slots=True)
class Draw:
    """n students: their outcome and each model's raw scores, of shape (n,) each."""

    outcome: Floats
    champion: Floats
    challengers: tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """How often each gate promoted a challenger of that true gain."""

    n: int
    correlation: float
    true_gain: float
    trials: int
    promoted: float
    naive: float


def draw(world: World, n: int, noises: Sequence[float], rng: np.random.Generator) -> Draw:
    """Draws n students and what the models say of them, a challenger for each noise."""
    risk, first, second = rng.normal(size=(3, n))
    chance = 1 / (1 + np.exp(-world.steepness * (risk - world.offset)))
    both = world.correlation * first + np.sqrt(1 - world.correlation**2) * second
    return Draw(
        outcome=(rng.random(n) < chance).astype(np.float64),
        champion=risk + world.noise * first,
        challengers=tuple(risk + noise * both for noise in noises),
    )


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
        people = draw(world, POPULATION, [noise], np.random.default_rng(1))
        return recall_at_prevalence(people.outcome, people.challengers[0]) - recall_at_prevalence(
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


@dataclass(frozen=True, slots=True)
class Rivals:
    """A champion and challengers of given true gains, all calibrated on the same population."""

    world: World
    true_gains: tuple[float, ...]
    noises: tuple[float, ...]
    champion: Calibrator
    challengers: tuple[Calibrator, ...]

    def answers(self, sample: Draw) -> tuple[Answers, list[Answers]]:
        """What the champion and each challenger say of a sample."""
        said = zip(self.challengers, sample.challengers, strict=True)
        return Answers("v1", self.champion(sample.champion), self.champion.threshold), [
            Answers(f"v{number}", calibrated(scores), calibrated.threshold)
            for number, (calibrated, scores) in enumerate(said, 2)
        ]


def rivals(world: World, true_gains: Sequence[float]) -> Rivals:
    """Finds and calibrates the challengers of a world."""
    noises = [noise_for(world, true_gain) for true_gain in true_gains]
    people = draw(world, POPULATION, noises, np.random.default_rng(2))
    taught = (Calibrator(s, people.outcome, world.prevalence) for s in people.challengers)
    champion = Calibrator(people.champion, people.outcome, world.prevalence)
    return Rivals(world, tuple(true_gains), tuple(noises), champion, tuple(taught))


def simulate(against: Rivals, n: int, *, trials: int, resamples: int, seed: int) -> list[Result]:
    """Runs the decision `trials` times on fresh students, for a challenger of each true gain."""
    world, rng = against.world, np.random.default_rng(seed)
    promoted, naive = np.zeros(len(against.noises)), np.zeros(len(against.noises))
    for number in range(trials):
        sample = draw(world, n, against.noises, rng)
        theirs, answers = against.answers(sample)
        won = trial(cases_of(sample, rng), answers, theirs, seed=number, resamples=resamples)
        promoted += [one for one, _ in won]
        naive += [one for _, one in won]
    return [
        Result(n, world.correlation, gain, trials, ours / trials, luck / trials)
        for gain, ours, luck in zip(
            against.true_gains, promoted.tolist(), naive.tolist(), strict=True
        )
    ]


def trial(
    cases: Cases, challengers: Sequence[Answers], champion: Answers, *, seed: int, resamples: int
) -> list[tuple[bool, bool]]:
    """Whether each challenger is promoted, and whether the naive gate would promote it."""
    read = partial(compare_many, cases, champion=champion, policy=POLICY, seed=seed)
    metrics = (Metric.RECALL, Metric.RECALL_AROUND)
    quick = read(challengers, resamples=1, metrics=metrics)
    open_ = [number for number, evidence in enumerate(quick) if _open(evidence)]
    drawn = read([challengers[i] for i in open_], resamples=resamples, metrics=metrics)
    won = {
        number
        for number, evidence in zip(open_, drawn, strict=True)
        if confidence(evidence, POLICY).passed and gain_at_budget(evidence, POLICY).passed
    }
    return [
        (number in won, evidence.gain(Metric.RECALL).gain > NAIVE_GAIN)
        for number, evidence in enumerate(quick)
    ]


def _open(evidence: BinaryEvidence) -> bool:
    """Whether the decision hangs on the resamples alone."""
    objections = {g.name for g in decide(evidence, POLICY).guards if not g.passed}
    return objections <= {"confidence", "gain_at_budget"}


def cases_of(sample: Draw, rng: np.random.Generator) -> Cases:
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
        against = rivals(World(correlation=correlation), gains)
        for n in sizes:
            yield from simulate(against, n, trials=trials, resamples=1000, seed=n)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints one JSON object a combination."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.studies.promotion_simulation",
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
