"""What may happen to a school over the years: the histories that a promotion policy is tried on.

Four, set out before any policy was run on them. A policy that only follows change does well in the
first; what it gives away by following too fast shows in the other three.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from preprocessing.cohorts.year_statistics import YearProfile, profile

EVENT_YEAR = 2024
"""The year that is unlike the others: the first whose outcomes can unseat a first champion."""
MISJOINED = 0.25
"""Share of the rows with somebody else's outcome where a spreadsheet column was sorted alone."""
CLOSED_AT_RISK = 0.60
"""Share at risk in a year of closed schools; 0.46 before and after."""


class Scenario(StrEnum):
    """A history by name.

    Attributes:
        LASTING: engagement takes over from ability in deciding who is promoted, year by year, and
            the indicators move; nothing comes back.
        STEADY: every year is like 2024.
        EXCEPTIONAL: like `STEADY`, but in one year schools are closed, engagement alone decides
            and more fall behind; the next years are as before.
        MISLABELLED: like `STEADY`, but one year's file has a quarter of its lags on wrong rows.
            Each value is possible and the shares are right, so no schema check sees it.
    """

    LASTING = "lasting"
    STEADY = "steady"
    EXCEPTIONAL = "exceptional"
    MISLABELLED = "mislabelled"


def profile_of(scenario: Scenario, year: int) -> YearProfile:
    """The profile of a year of that history.

    >>> profile_of(Scenario.STEADY, 2022) == profile_of(Scenario.STEADY, 2026)
    True
    >>> profile_of(Scenario.EXCEPTIONAL, 2024).ability_weight
    0.0
    """
    if scenario is Scenario.LASTING:
        return profile(year)
    usual = profile(2024)
    if year != EVENT_YEAR or scenario is Scenario.STEADY:
        return usual
    if scenario is Scenario.EXCEPTIONAL:
        return replace(usual, ability_weight=0.0, at_risk=CLOSED_AT_RISK)
    return replace(usual, misjoined=MISJOINED)
