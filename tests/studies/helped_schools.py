"""Generated schools with a list, help of known effect, and outcomes: for both studies of help.

Nobody's data: risks are drawn, the list goes by a margin that knows a part of them, and help keeps
a share of those from being at risk who would have been.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from retraining.helping.standings import Standings

Floats = NDArray[np.float64]

HELPED_WITHIN, HELPED_BEYOND = 0.8, 0.1
KNOWN = 0.95
"""Share of the students whose outcome comes."""


@dataclass(frozen=True, slots=True)
class World:
    """A school.

    Attributes:
        students: how many.
        units: how many schools it has, each with a list of its own.
        places: share of the students with a place.
        saved: of those at risk who are helped, the share that the help saves.
        slope: how strongly the margin tells the risk.
        harsh: whether the list alone decides who is helped.
    """

    students: int
    units: int
    places: float
    saved: float
    slope: float = 1.0
    harsh: bool = False

    @property
    def reached(self) -> float:
        """How much more often those with a place are helped."""
        return 1.0 if self.harsh else HELPED_WITHIN - HELPED_BEYOND


@dataclass(frozen=True, slots=True)
class Listed:
    """A list before anything was done. Shapes (n,): unit, margin from the unit's cut, risk then."""

    units: NDArray[np.intp]
    margins: Floats
    risks: Floats


def listed(world: World, random: Generator) -> Listed:
    """The students with the margin each has from the cut of its unit, halfway between two."""
    units = np.sort(random.integers(world.units, size=world.students))
    margins = random.normal(size=world.students)
    risks = 1 / (1 + np.exp(-(world.slope * margins - 0.2)))
    for unit in range(world.units):
        mine = np.flatnonzero(units == unit)
        places = round(world.places * len(mine))
        if 0 < places < len(mine):
            ordered = np.sort(margins[mine])[::-1]
            margins[mine] -= (ordered[places - 1] + ordered[places]) / 2
    return Listed(units, margins, risks)


def become(
    world: World, school: Listed, strata: NDArray[np.intp], placed: NDArray[np.bool_],
    random: Generator,
) -> Standings:  # fmt: skip
    """What becomes of the students.

    Args:
        world: what help does.
        school: the list.
        strata: shape (n,), the draw of each; -1 drew none.
        placed: shape (n,).
        random: draws help and outcomes.
    """
    n = len(placed)
    chance = placed * 1.0 if world.harsh else np.where(placed, HELPED_WITHIN, HELPED_BEYOND)
    helped = random.random(n) < chance
    would_be = random.random(n) < school.risks
    at_risk = would_be & ~(helped & (random.random(n) < world.saved))
    outcome = np.where(random.random(n) < KNOWN, at_risk.astype(np.float64), np.nan)
    return Standings(
        students=np.arange(n).astype(np.str_),
        lanes=np.full(n, "all"),
        strata=strata,
        placed=placed,
        margins=school.margins,
        at_risk=outcome,
        helped=helped,
    )


def row(cells: Sequence[object]) -> str:
    """A line of a table in Markdown."""
    return (
        "| "
        + " | ".join(f"{cell:.1%}" if isinstance(cell, float) else str(cell) for cell in cells)
        + " |"
    )
