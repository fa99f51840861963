"""How many children have to draw lots until an effect of the help can be seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.optimize import brentq
from scipy.stats import norm

from model.helping.effect import BandOutlook, NeededChildren, PowerTable

POWER, LEVEL = 0.8, 0.05
EFFECTS = (0.05, 0.10, 0.15, 0.20)
HELPED_WON, HELPED_LOST = 0.8, 0.1
WORST = 0.5
"""The share at risk at which a difference is hardest to see."""
AT_CUT = 2.75
"""Without lots so many times the children are needed, at the least: margin and place go together.

Source: Goldberger (1972); Schochet (2009), Statistical power for regression discontinuity designs.
"""


@dataclass(frozen=True, slots=True)
class Prospects:
    """Who would draw lots on a list, if half the band were that share of the places."""

    band: float
    children: int
    won: int


def power_table(at_risk: float | None, prospects: Sequence[Prospects] = ()) -> PowerTable:
    """What could be seen.

    Args:
        at_risk: of those near the cut, the share at risk without help; None: not known.
        prospects: of lotteries that could be drawn now.
    """
    share = WORST if at_risk is None else at_risk
    reached = HELPED_WON - HELPED_LOST
    return PowerTable(
        at_risk=share,
        measured=at_risk is not None,
        helped_won=HELPED_WON,
        helped_lost=HELPED_LOST,
        power=POWER,
        level=LEVEL,
        needed=tuple(_needed(effect, share, reached) for effect in EFFECTS),
        outlook=tuple(
            BandOutlook(one.band, one.children, one.won, smallest_effect(one, share, reached))
            for one in prospects
        ),
    )


def children_needed(place: float, at_risk: float, won: float = 0.5) -> int | None:
    """How many have to draw lots; None where fewer are at risk than the effect takes off.

    Args:
        place: how many fewer of those with a place are at risk, as a share.
        at_risk: of those without one.
        won: share of the children that get a place.

    Source: Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, 3rd
    edition, section 4.3, without the correction for continuity.

    >>> children_needed(0.10, 0.5), children_needed(0.10, 0.5, 0.25), children_needed(0.2, 0.1)
    (775, 1036, None)
    """
    with_place = at_risk - place
    if with_place < 0 or place <= 0:
        return None
    both = won * with_place + (1 - won) * at_risk
    missed, false = float(norm.ppf(POWER)), float(norm.ppf(1 - LEVEL / 2))
    spread = false * math.sqrt(both * (1 - both) / (won * (1 - won)))
    spread += missed * math.sqrt(
        with_place * (1 - with_place) / won + at_risk * (1 - at_risk) / (1 - won)
    )
    return math.ceil((spread / place) ** 2)


def smallest_effect(prospects: Prospects, at_risk: float, reached: float = 1.0) -> float | None:
    """The smallest effect of the help that would be seen; None where none would.

    Args:
        prospects: who would draw.
        at_risk: of those without a place.
        reached: how much more often those with a place are helped.

    >>> round(smallest_effect(Prospects(0.5, 775, 388), 0.5), 2)
    0.1
    """
    if not 0 < prospects.won < prospects.children:
        return None
    won = prospects.won / prospects.children

    def short_of(place: float) -> float:
        needed = children_needed(place, at_risk, won)
        return math.inf if needed is None else float(needed - prospects.children)

    least, most = 1e-3, at_risk - 1e-9
    if most <= least or short_of(most) > 0:
        return None
    place = least if short_of(least) <= 0 else brentq(short_of, least, most, xtol=1e-4)
    return float(place / reached) if place <= reached * at_risk else None


def _needed(effect: float, at_risk: float, reached: float) -> NeededChildren:
    partly = children_needed(effect * reached, at_risk)
    possible = effect <= at_risk
    return NeededChildren(
        effect,
        children_needed(effect, at_risk),
        partly if possible else None,
        math.ceil(AT_CUT * partly) if possible and partly is not None else None,
    )
