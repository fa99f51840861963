"""How often the drift check says that recall is worse: `python -m tests.studies.recall_falls`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drift.performance import LEAST_FALL, LEVEL, fall_by_chance

DRAWS = 20_000
SIZES = ((308, 300), (100, 300), (60, 308), (308, 60), (1000, 1000))
Counts = NDArray[np.int_]


def alarms(
    then: int, now: int, recall: float, *, fall: float, draws: int = DRAWS, seed: int = 1
) -> float:
    """The share of draws in which recall is called worse.

    Args:
        then: students at risk when the model was made.
        now: students at risk whose outcomes came in since.
        recall: the true recall then.
        fall: by how much the true recall is lower now.
        draws: how many.
        seed: of the draws.
    """
    random = np.random.default_rng(seed)
    found_then = random.binomial(then, recall, draws)
    found_now = random.binomial(now, recall - fall, draws)
    return float(told(found_then, then, found_now, now).mean())


def told(found_then: Counts, then: int, found_now: Counts, now: int) -> NDArray[np.bool_]:
    """Where the drift check would say so."""
    enough = found_then / then - found_now / now >= LEAST_FALL
    return np.asarray(enough & (fall_by_chance(found_then, then, found_now, now) <= LEVEL))


def before(found_then: Counts, then: int, found_now: Counts, now: int) -> NDArray[np.bool_]:
    """Where it said so when the error of the old figure was ignored."""
    was, is_now = found_then / then, found_now / now
    noise = 2 * np.sqrt(is_now * (1 - is_now) / now)
    return np.asarray(was - is_now > np.maximum(noise, LEAST_FALL))


def main() -> None:
    print("| at risk then / now | before: no change | no change | 10 points lower | 15 points |")
    print("|--:|--:|--:|--:|--:|")
    for then, now in SIZES:
        random = np.random.default_rng(1)
        found = random.binomial(then, 0.76, DRAWS), random.binomial(now, 0.76, DRAWS)
        shares = [alarms(then, now, 0.76, fall=fall) for fall in (0.0, 0.10, 0.15)]
        ignored = before(found[0], then, found[1], now).mean()
        print(
            f"| {then} / {now} | {ignored:.1%} | " + " | ".join(f"{s:.1%}" for s in shares) + " |"
        )


if __name__ == "__main__":
    main()
