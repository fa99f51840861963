"""Ways to look often at one period's labels, compared in the model that all of them assume.

The gain of recall around the budget, measured on n labels, is taken as normal: its mean is the true
gain, its standard deviation 1.3 points at n = 765 (docs/promotion.md) and falls with the root of n;
what labels add is independent of what was known. Labels grow weekly from 120 to 765. Promoted is
where the test excludes half a point and more than one point is measured, as in the policy.

`python -m tests.studies.look_methods` prints the table of docs/decisions/0007.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from retraining.promotion.looks import FEWEST, LEAST
from retraining.promotion.ranking import Floats
from tests.studies.looks import BUDGET, LAST, WEEKS, labels_at

SPREAD = 0.013
MARGIN, GAIN = 0.005, 0.01
GAINS = (0.0, 0.02, 0.05)
TRIALS = 20_000
SIZES = [labels_at(week) for week in range(WEEKS)]
PARTS = 5

Levels = dict[int, float]
"""Labels at a look to the level it is tested at; other weeks are not looked at."""


@dataclass(frozen=True, slots=True)
class Method:
    """A way to look.

    Attributes:
        levels: of each look.
        alone: each look judges only the labels that came since the one before.
    """

    name: str
    levels: Levels
    alone: bool = False


def spending(exponent: float, more: float) -> Levels:
    """The levels of looks that spend the budget with a power of the share of labels.

    Args:
        exponent: of that share.
        more: new labels that a look needs, as a part of those of the look before.
    """
    levels: Levels = {}
    last, spent = 0, 0.0
    for n in SIZES:
        level = BUDGET * (n / LAST) ** exponent - spent
        waits = last and n - last < max(FEWEST, more * last) and n < LAST
        if level >= LEAST * BUDGET and not waits:
            levels[n], last, spent = level, n, spent + level
    return levels


def anytime() -> Levels:
    """Levels of a confidence sequence that holds at all times, at its tightest at n = 765.

    One-sided normal mixture, Robbins (1970), as in Howard, Ramdas, McAuliffe and Sekhon (2021).
    """

    def bound(share: float, rho: float) -> float:
        inside = np.log(np.sqrt((share + rho) / rho) / (2 * BUDGET) + 1)
        return float(np.sqrt(2 * (share + rho) * inside / share))

    best = minimize_scalar(lambda log: bound(1.0, np.exp(log)), bounds=(-6, 3), method="bounded")
    return {n: float(norm.sf(bound(n / LAST, np.exp(best.x)))) for n in SIZES}


def methods() -> Iterator[Method]:
    """Every method of the table."""
    yield Method("of before: every week at 5 %", dict.fromkeys(SIZES, BUDGET))
    yield Method("every week at 5 % / 52", dict.fromkeys(SIZES, BUDGET / WEEKS))
    yield Method("at all times (normal mixture)", anytime())
    fifths = [round(LAST * part / PARTS) for part in range(1, PARTS + 1)]
    near = [min(SIZES, key=lambda n: abs(n - wanted)) for wanted in fifths]
    yield Method("new labels alone, a fifth each at 1 %", dict.fromkeys(near, BUDGET / PARTS), True)
    for exponent in (1, 2, 3):
        for more in (0.2, 0.5, 1.0):
            yield Method(
                f"spending, exponent {exponent}, {more:.0%} more labels", spending(exponent, more)
            )


def outcome(method: Method, true_gain: float) -> tuple[float, float]:
    """Share promoted by the end of the period, and the mean number of labels then."""
    rng = np.random.default_rng(0)
    share = np.array(SIZES) / LAST
    steps = np.diff(share, prepend=0.0)
    noise = np.cumsum(rng.normal(size=(TRIALS, WEEKS)) * np.sqrt(steps), axis=1) * SPREAD
    promoted, at = np.zeros(TRIALS, dtype=np.bool_), np.zeros(TRIALS)
    before: tuple[Floats, float] = (np.zeros(TRIALS), 0.0)
    for week, n in enumerate(SIZES):
        if n not in method.levels:
            continue
        total, weight = noise[:, week] + true_gain * share[week], share[week]
        if method.alone:
            total, weight, before = total - before[0], weight - before[1], (total, weight)
        gain = total / weight
        z = (gain - MARGIN) / (SPREAD / np.sqrt(weight))
        won = (z > norm.isf(method.levels[n])) & (gain > GAIN) & ~promoted
        at[won] = n
        promoted |= won
    return float(promoted.mean()), float(at[promoted].mean()) if promoted.any() else 0.0


def at_once(level: float, true_gain: float) -> float:
    """Share promoted by one look at 765 labels at that level."""
    needed = max(MARGIN + norm.isf(level) * SPREAD, GAIN)
    return float(norm.sf((needed - true_gain) / SPREAD))


def rows() -> Iterator[str]:
    """The table."""
    heads: Sequence[str] = ("method", "looks", *(f"gain {gain:.0%}" for gain in GAINS))
    yield f"| {' | '.join(heads)} | labels when 5 points were seen | one look at 765, 5 points |"
    yield "|---" * (len(heads) + 2) + "|"
    read: Callable[[Method, float], tuple[float, float]] = outcome
    for method in methods():
        found = [read(method, gain) for gain in GAINS]
        single = BUDGET if method.name.startswith("spending") else max(method.levels.values())
        if method.name.startswith("at all times"):
            single = method.levels[LAST]
        cells = " | ".join(f"{promoted:.1%}" for promoted, _ in found)
        yield (
            f"| {method.name} | {len(method.levels)} | {cells} | {found[-1][1]:.0f} | "
            f"{at_once(single, GAINS[-1]):.1%} |"
        )


if __name__ == "__main__":
    for row in rows():
        sys.stdout.write(row + "\n")
