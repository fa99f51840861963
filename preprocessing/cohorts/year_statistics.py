"""What is known of a PEDE year, as summary statistics: all that the synthetic cohorts are made of.

The figures were read off the published years 2022 to 2024 as counts, means and spreads, rounded.
No row of the survey is in here, nor can one be made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Spread:
    """A roughly normal indicator between 0 and 10."""

    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class YearProfile:
    """One school year.

    Attributes:
        size: students surveyed.
        stay: share of last year's students who are surveyed again.
        at_risk: share whose phase is below the ideal one.
        newcomers_at_risk: the same share among those who enter above ALFA.
        university: new students in phase 8, whom most indicators are not taken of.
        indicators: `iaa ieg ips ipp ipv mat por ing`; one that is not there is not surveyed.
        iaa_zero: share whose self-assessment is 0 because they handed in none.
        ability_weight: how much of a promotion ability decides; engagement decides the rest.
        misjoined: share of the rows that carry the lag of another row of the file.
    """

    size: int
    stay: float
    at_risk: float
    newcomers_at_risk: float
    university: int
    indicators: Mapping[str, Spread]
    iaa_zero: float
    ability_weight: float
    misjoined: float = 0.0


_2022 = YearProfile(
    size=900,
    stay=0.0,
    at_risk=0.70,
    newcomers_at_risk=0.88,
    university=0,
    indicators={
        "iaa": Spread(8.6, 1.0),
        "ieg": Spread(8.0, 1.6),
        "ips": Spread(6.9, 1.1),
        "ipv": Spread(7.25, 1.1),
        "mat": Spread(5.8, 2.4),
        "por": Spread(6.3, 2.1),
        "ing": Spread(5.9, 2.8),
    },
    iaa_zero=0.045,
    ability_weight=0.75,
)
_2023 = YearProfile(
    size=1000,
    stay=0.67,
    at_risk=0.54,
    newcomers_at_risk=0.62,
    university=60,
    indicators={
        "iaa": Spread(8.6, 1.0),
        "ieg": Spread(8.7, 1.1),
        "ips": Spread(5.1, 2.1),
        "ipp": Spread(7.55, 1.0),
        "ipv": Spread(8.0, 0.95),
        "mat": Spread(6.4, 1.8),
        "por": Spread(6.8, 1.8),
        "ing": Spread(6.2, 2.2),
    },
    iaa_zero=0.19,
    ability_weight=0.65,
)
_2024 = YearProfile(
    size=1150,
    stay=0.74,
    at_risk=0.46,
    newcomers_at_risk=0.64,
    university=45,
    indicators={
        "iaa": Spread(8.7, 0.9),
        "ieg": Spread(8.1, 1.7),
        "ips": Spread(6.8, 1.4),
        "ipp": Spread(7.55, 0.9),
        "ipv": Spread(7.35, 1.05),
        "mat": Spread(6.2, 2.7),
        "por": Spread(6.2, 2.4),
        "ing": Spread(6.6, 2.8),
    },
    iaa_zero=0.02,
    ability_weight=0.55,
)
FIRST_YEAR = 2022
PUBLISHED = (_2022, _2023, _2024)

SHIFT = 0.45
"""How far, in units of their spread, the indicators move in each year that is not published."""
WEIGHT_STEP = 0.15
"""How much weight moves from ability to engagement in each such year."""


def profile(year: int) -> YearProfile:
    """The profile of a year; years after the published ones go on drifting.

    Engagement takes over from ability in deciding who is promoted, and the indicators move to and
    fro, so that a model trained on the early years grows wrong.

    >>> profile(2024).size, profile(2026).size > profile(2024).size
    (1150, True)
    """
    if year - FIRST_YEAR < len(PUBLISHED):
        return PUBLISHED[year - FIRST_YEAR]
    last, beyond = PUBLISHED[-1], year - FIRST_YEAR - len(PUBLISHED) + 1
    sign = 1 if beyond % 2 else -1
    return replace(
        last,
        size=last.size + 60 * beyond,
        at_risk=last.at_risk + 0.04 * sign,
        indicators={
            name: replace(spread, mean=spread.mean - sign * SHIFT * spread.deviation)
            for name, spread in last.indicators.items()
        },
        ability_weight=max(0.0, last.ability_weight - WEIGHT_STEP * beyond),
    )
