"""How often `risk_interval` holds the true risk: `python -m tests.studies.risk_interval`.

In every world a model is calibrated on n students held out and asked about others; the true risk of
a score is the share at risk among the thousandth of 1,000,000 students around it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.calibration import Calibration
from tests.studies.status_precision import World
from training.calibrate import calibrate
from training.risk_interval import risk_interval

Array = NDArray[np.float64]
Shape = Callable[[Array], Array]

POPULATION = 1_000_000
PARTS = 1000
SHAPES: dict[str, Shape] = {
    "straight": lambda score: np.log(score / (1 - score)),
    "skewed": lambda score: score / (1 - score),
    "flat ends": lambda score: np.clip(np.log(score / (1 - score)), -1, 1) + score / 20,
}
"""What the model makes of the risk that it sees; Platt's sigmoid fits the first alone."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Share of students, over all worlds, whose true risk lies inside, and of the highest 15 %;
    and the mean width."""

    held: float
    held_high: float
    width: float


def coverage(world: World, shape: Shape, n: int, *, worlds: int, seed: int) -> Coverage:
    """How often the interval holds the true risk.

    Args:
        world: what nature is like.
        shape: from what the model sees to its margin.
        n: students held out.
        worlds: how many are drawn.
        seed: of all draws.
    """
    random = np.random.default_rng(seed)
    outcome, seen = world.draw(POPULATION, random)
    margins = shape(seen)
    parts = np.array_split(np.argsort(margins, kind="stable"), PARTS)
    at = np.array([margins[part].mean() for part in parts])
    # Eleven neighbouring parts, because a thousand students leave a share 1.5 points of chance.
    shares = np.pad([outcome[part].mean() for part in parts], 5, mode="edge")
    truth = np.convolve(shares, np.full(11, 1 / 11), mode="valid")
    held, width = [], []
    for _ in range(worlds):
        outcome, seen = world.draw(n, random)
        margins = shape(seen)
        inside, wide = _held(calibrate(outcome, margins), outcome, margins, at, truth)
        held.append(inside)
        width.append(wide)
    every = np.array(held)
    return Coverage(
        float(every.mean()), float(every[:, -PARTS * 15 // 100 :].mean()), float(np.mean(width))
    )


def _held(
    calibration: Calibration, outcome: Array, margins: Array, at: Array, truth: Array
) -> tuple[NDArray[np.bool_], float]:
    made = risk_interval(outcome, calibration.score(margins))
    if made is None:
        raise ValueError("too few students held out")
    ends = np.array([made.around(score) for score in calibration.score(at).tolist()])
    inside = (truth >= ends[:, 0]) & (truth <= ends[:, 1])
    return inside, float((ends[:, 1] - ends[:, 0]).mean())


def main() -> int:
    """Prints a line of a Markdown table for each cell."""
    for prevalence in (0.46, 0.1):
        for name, shape in SHAPES.items():
            for n in (300, 765, 2300, 5000):
                found = coverage(World(prevalence, 0.6), shape, n, worlds=200, seed=n)
                sys.stdout.write(
                    f"| {prevalence:.0%} | {name} | {n} | {found.held:.1%} "
                    f"| {found.held_high:.1%} | {found.width:.2f} |\n"
                )
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
