"""How often a canary is stopped: `python -m tests.studies.canary_guard [--trials N]`.

Students are asked unequally often, and one who is flagged is flagged at every call, so calls are no
independent draws. `naive` looks at the same moments at the calls alone, at 1 % a look.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from api.canary.guard import FIRST_LOOK, GROUPS, ArmCounts, CanaryCounts, GuardLimits, objection

Numbers = NDArray[np.int_]
Mask = NDArray[np.bool_]

SCHOOLS = ((300, 0.1), (2_000, 0.1), (20_000, 0.05), (2_000, 0.5))
SHIFTS = (0.0, 0.1, 0.2, 0.3)
LOOKS = 7
NAIVE = 2.326


@dataclass(frozen=True, slots=True)
class Stopped:
    """Shares of the trials in which the canary was stopped, by the guard and by a naive one."""

    guard: float
    naive: float


def stopped(
    students: int,
    share: float,
    shift: float,
    *,
    flagged: float = 0.3,
    allowed: float = 0.1,
    looks: int = LOOKS,
    trials: int = 200,
    seed: int = 1,
) -> Stopped:
    """How often the guard stops a canary within so many looks.

    Args:
        students: of the school.
        share: answered by the challenger.
        shift: how much more of them the challenger flags.
        flagged: share that the champion flags.
        allowed: difference that the guard allows.
        looks: how many it takes at most.
        trials: simulated canaries.
        seed: of the draws.
    """
    random = np.random.default_rng(seed)
    found = [
        _trial(students, share, (flagged, flagged + shift), allowed, looks, random)
        for _ in range(trials)
    ]
    return Stopped(*np.mean(found, axis=0).tolist())


def _trial(
    students: int,
    share: float,
    rates: tuple[float, float],
    allowed: float,
    looks: int,
    random: np.random.Generator,
) -> tuple[bool, bool]:
    challenged = random.random(students) < share
    if not challenged.any() or challenged.all():
        return False, False
    group = random.integers(0, GROUPS, students)
    flags = random.random(students) < np.where(challenged, rates[1], rates[0])
    weight = random.gamma(0.5, size=students) + 1e-9
    stop = naive = False
    asked = np.zeros(students, dtype=np.int64)
    for number in range(1, looks + 1):
        more = _calls(FIRST_LOOK * 2 ** (number - 1), asked, challenged, weight, random)
        asked += more
        counts = CanaryCounts(
            _arm(asked, flags, group, ~challenged), _arm(asked, flags, group, challenged)
        )
        stop = stop or bool(objection(counts, GuardLimits(allowed), number))
        naive = naive or _naive(counts, allowed)
    return stop, naive


def _calls(
    wanted: int,
    asked: Numbers,
    challenged: Mask,
    weight: NDArray[np.float64],
    random: np.random.Generator,
) -> Numbers:
    """Calls of each student until the challenger has answered so many, about."""
    missing = max(wanted - int(asked[challenged].sum()), 0)
    total = missing / (weight[challenged].sum() / weight.sum())
    calls: Numbers = random.poisson(weight / weight.sum() * total)
    return calls


def _arm(asked: Numbers, flags: Mask, group: Numbers, members: Mask) -> ArmCounts:
    number = np.bincount(group[members], asked[members], GROUPS).astype(int).tolist()
    flagged = np.bincount(group[members], (asked * flags)[members], GROUPS).astype(int).tolist()
    return ArmCounts(number, flagged)


def _naive(counts: CanaryCounts, allowed: float) -> bool:
    one, other = counts.challenger, counts.champion
    if not one.records or not other.records:
        return False
    shares = [sum(arm.flagged) / arm.records for arm in (one, other)]
    error = math.sqrt(
        sum(p * (1 - p) / arm.records for p, arm in zip(shares, (one, other), strict=True))
    )
    return abs(shares[0] - shares[1]) - allowed > NAIVE * error


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.studies.canary_guard")
    parser.add_argument("--trials", type=int, default=200)
    trials = parser.parse_args().trials
    print(f"Stopped within {LOOKS} looks, {trials} trials; naive in parentheses\n")
    print("| students, share | " + " | ".join(f"{s * 100:.0f} points more" for s in SHIFTS) + " |")
    print("|---|" + "--:|" * len(SHIFTS))
    for students, share in SCHOOLS:
        found = [stopped(students, share, shift, trials=trials) for shift in SHIFTS]
        cells = " | ".join(f"{one.guard:.1%} ({one.naive:.1%})" for one in found)
        print(f"| {students}, {share:.0%} | {cells} |")


if __name__ == "__main__":
    main()
