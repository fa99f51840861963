"""How often `critical` keeps its promise: `python -m tests.studies.status_precision`.

A student's risk is a standard normal; the outcome is drawn from it, and a model sees it through
noise. In every world the cut-offs are chosen on n students held out, as training does, and asked
about 400,000 others: of those at or above `critical`, is the share at risk what was promised?
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.figures import wilson
from preprocessing.task.policies import PromotionPolicy, StatusPolicy
from training.operating_point import choose_thresholds

Array = NDArray[np.float64]

POPULATION = 400_000
SIZES = (300, 765, 2300)
PROMISES = (0.7, 0.9)


@dataclass(frozen=True, slots=True)
class World:
    """What nature is like.

    Attributes:
        prevalence: share at risk.
        noise: standard deviation of the model's error on the latent risk.
        steepness: how strongly the latent risk decides the outcome.
    """

    prevalence: float
    noise: float
    steepness: float = 3.5

    def draw(self, n: int, random: np.random.Generator) -> tuple[Array, Array]:
        """Outcome and score of n students, shape (n,) each; scores lie in (0, 1)."""
        risk, error = random.normal(size=(2, n))
        middle = np.quantile(np.random.default_rng(0).normal(size=20_000), 1 - self.prevalence)
        chance = 1 / (1 + np.exp(-self.steepness * (risk - middle)))
        outcome = (random.random(n) < chance).astype(np.float64)
        return outcome, 1 / (1 + np.exp(-(risk + self.noise * error)))


@dataclass(frozen=True, slots=True)
class Kept:
    """Of how many worlds.

    Attributes:
        kept: share in which the promise is kept, or nobody is critical.
        low: lower end of its 95 % interval.
        high: upper end.
        somebody: share of the worlds in which somebody is critical.
        critical: mean share of students who are critical.
        ideal: share that would be critical if the population were known.
    """

    kept: float
    low: float
    high: float
    somebody: float
    critical: float
    ideal: float


def promises_kept(world: World, n: int, promise: float, *, worlds: int, seed: int) -> Kept:
    """How often the share at risk among the critical is at least what was promised.

    Args:
        world: what nature is like.
        n: students that the cut-offs are chosen on.
        promise: `critical_precision`.
        worlds: how many are drawn.
        seed: of all draws.
    """
    random = np.random.default_rng(seed)
    outcome, scores = world.draw(POPULATION, random)
    order = np.argsort(-scores)
    falling = scores[order]
    precision = np.cumsum(outcome[order]) / np.arange(1, POPULATION + 1)
    # The first thousand say little of their own share.
    enough = np.flatnonzero(precision[1000:] >= promise)
    ideal = (enough[-1] + 1001) / POPULATION if len(enough) else 0.0
    policy, status = PromotionPolicy(), StatusPolicy(critical_precision=promise)
    reached = np.empty(worlds, dtype=np.intp)
    for number in range(worlds):
        cuts = choose_thresholds(*world.draw(n, random), policy, status)
        reached[number] = np.searchsorted(-falling, -cuts.critical, side="right")
    kept = (reached == 0) | (precision[np.maximum(reached, 1) - 1] >= promise)
    low, high = wilson(float(kept.sum()), worlds)
    return Kept(
        kept=float(kept.mean()),
        low=low,
        high=high,
        somebody=float((reached > 0).mean()),
        critical=float(reached.mean()) / POPULATION,
        ideal=float(ideal),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a line of a Markdown table for each cell."""
    worlds = int(argv[0]) if argv else 1000
    for prevalence, noise in ((0.46, 0.8), (0.46, 0.4), (0.1, 0.4)):
        for promise in PROMISES:
            for n in SIZES:
                cell = promises_kept(World(prevalence, noise), n, promise, worlds=worlds, seed=n)
                sys.stdout.write(
                    f"| {prevalence:.0%} | {noise} | {promise:.0%} | {n} | {cell.kept:.1%} "
                    f"({cell.low:.1%} to {cell.high:.1%}) | {cell.somebody:.1%} "
                    f"| {cell.critical:.1%} | {cell.ideal:.1%} |\n"
                )
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
