"""Whether the analysis of a lottery finds a true effect, and none where there is none.

`python -m tests.studies.help_lottery --schools 200`; the table in docs/helping.md is of this. In
each generated school places are drawn among those nearest the cut of each unit, help goes to four
in five of the winners and one in ten of the others, and the product's analysis looks at what came.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.helping.effect import EffectSize
from retraining.helping.lottery import lottery_effects
from tests.studies.helped_schools import Listed, World, become, listed, row

CELLS = (
    # children in the draw, units, saved
    (60, 1, 0.0), (60, 1, 0.5),
    (200, 1, 0.0), (200, 1, 0.4),
    (200, 40, 0.0), (200, 40, 0.4),
    (800, 10, 0.0), (800, 10, 0.2), (800, 10, 0.4),
)  # fmt: skip
LEVEL = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schools", type=int, default=200, help="of each row")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(
        "| children in the draw | units | help saves | place in its interval | help in its "
        "interval | width of both | called an effect |"
    )
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for children, units, saved in CELLS:
        print(row(studied(children, units, saved, schools=asked.schools, seed=asked.seed)))


def studied(
    children: int, units: int, saved: float, *, schools: int, seed: int
) -> tuple[object, ...]:
    """One row of the table.

    Args:
        children: who draw lots.
        units: each with lots of its own.
        saved: of those at risk who are helped, the share that the help saves.
        schools: how many are generated.
        seed: of all that is drawn.
    """
    random = np.random.default_rng(seed)
    world = World(students=4 * children, units=units, places=0.25, saved=saved)
    place, helped, seen, widths = [], [], [], []
    for _ in range(schools):
        school = listed(world, random)
        strata, won = drawn(school, children, random)
        effect, *_ = lottery_effects(become(world, school, strata, won, random))
        truth = saved * float(school.risks[strata >= 0].mean())
        place.append(holds(effect.place, truth * world.reached))
        helped.append(holds(effect.help, truth))
        seen.append(small(effect.p_value))
        widths.append((width(effect.place), width(effect.help)))
    of_place, of_help = np.mean(widths, axis=0)
    return (
        children, units, saved, float(np.mean(place)), float(np.mean(helped)),
        f"{of_place * 100:.0f}, {of_help * 100:.0f} points", float(np.mean(seen)),
    )  # fmt: skip


def drawn(
    school: Listed, children: int, random: Generator
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Who draws in which lot, and who wins: half of those nearest the cut of each unit."""
    strata = np.full(len(school.units), -1, dtype=np.intp)
    won = school.margins >= 0
    units = int(school.units.max()) + 1
    for unit in range(units):
        mine = np.flatnonzero(school.units == unit)
        near = mine[np.argsort(np.abs(school.margins[mine]))][: max(2, children // units)]
        strata[near] = unit
        won[near] = np.isin(near, random.permutation(near)[: int(won[near].sum())])
    return strata, won


def holds(found: EffectSize, truth: float) -> bool:
    return found.low is not None and found.high is not None and found.low <= truth <= found.high


def width(found: EffectSize) -> float:
    return 2.0 if found.low is None or found.high is None else found.high - found.low


def small(chance: float | None) -> bool:
    return chance is not None and chance <= LEVEL


if __name__ == "__main__":
    main()
