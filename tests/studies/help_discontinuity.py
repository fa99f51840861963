"""Whether the jump at the cut of the lists finds a true effect, and none where there is none.

`python -m tests.studies.help_discontinuity --schools 200`; the table in docs/helping.md is of this.
In each generated school those within the cut of their unit have a place; help goes to all of them
and nobody else, or to four in five and one in ten of the others. It needs the extra `effects`.
"""

from __future__ import annotations

import argparse

import numpy as np

from model.helping.effect import CutEffect
from retraining.helping.discontinuity import cut_effect
from tests.studies.help_lottery import holds, small, width
from tests.studies.helped_schools import Floats, World, become, listed, row

CELLS = (
    # students, units, saved, the list alone decides
    (500, 1, 0.0, False), (500, 1, 0.5, False),
    (1_500, 5, 0.0, True), (1_500, 5, 0.4, True),
    (1_500, 5, 0.0, False), (1_500, 5, 0.4, False),
    (6_000, 40, 0.0, False), (6_000, 40, 0.3, False),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schools", type=int, default=200, help="of each row")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(
        "| students | units | help saves | list decides | place in its interval | help in its "
        "interval | help told | width of both | called an effect | cut doubted |"
    )
    print("|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|")
    for cell in CELLS:
        print(row(studied(*cell, schools=asked.schools, seed=asked.seed)))


def studied(
    students: int, units: int, saved: float, harsh: bool, *, schools: int, seed: int
) -> tuple[object, ...]:
    """One row of the table.

    Args:
        students: of a school system.
        units: each with a list and a cut of its own.
        saved: of those at risk who are helped, the share that the help saves.
        harsh: whether the list alone decides who is helped.
        schools: how many are generated.
        seed: of all that is drawn.
    """
    random = np.random.default_rng(seed)
    world = World(students=students, units=units, places=0.3, saved=saved, harsh=harsh)
    found: list[tuple[CutEffect, float]] = []
    for _ in range(schools):
        school = listed(world, random)
        nobody = np.full(students, -1, dtype=np.intp)
        effect = cut_effect(become(world, school, nobody, school.margins >= 0, random), units)
        found.append((effect, saved * at_cut(school.margins, school.risks)))
    told = [(effect, truth) for effect, truth in found if effect.help.known]
    widths = [(width(effect.listed), width(effect.help)) for effect, _ in told] or [(2.0, 2.0)]
    of_place, of_help = np.mean(widths, axis=0)
    return (
        students, units, saved, "yes" if harsh else "no",
        float(np.mean([holds(effect.listed, truth * world.reached) for effect, truth in found])),
        float(np.mean([holds(effect.help, truth) for effect, truth in told])),
        len(told) / schools,
        f"{of_place * 100:.0f}, {of_help * 100:.0f} points",
        float(np.mean([small(effect.p_value) for effect, _ in found])),
        float(np.mean([small(effect.density_p) for effect, _ in found])),
    )  # fmt: skip


def at_cut(margins: Floats, risks: Floats) -> float:
    """The risk at the cut: those of the twenty students nearest it, on average."""
    return float(risks[np.argsort(np.abs(margins))[:20]].mean())


if __name__ == "__main__":
    main()
