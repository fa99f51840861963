"""The randomisation test: what the lots alone would have done."""

from __future__ import annotations

import numpy as np
from scipy.stats import hypergeom

from retraining.helping.tables import Tables

TOLERANCE = 1e-9
"""Two differences this near are the same: sums of floats differ in their last places."""


def chance_of(tables: Tables) -> float:
    """The chance of a common difference at least as large, either way, if places did nothing.

    Then everybody's outcome is what it is whoever wins, and only the lots could have fallen
    otherwise. In a stratum the events among the winners are then hypergeometric, and over strata
    they add up; so the test is exact, without drawing anything, and needs no sampling model.

    Source: Fisher (1935), The Design of Experiments; Agresti (2013), Categorical Data Analysis,
    section 7.3.5, the exact test of conditional independence.

    >>> tea = Tables(*(np.array([x]) for x in (3.0, 4.0, 1.0, 4.0)))
    >>> round(chance_of(tea), 4)
    0.4857
    """
    chances, least = np.ones(1), 0
    for x, n, x0, n0 in zip(
        tables.events, tables.placed, tables.other_events, tables.others, strict=True
    ):
        happened = int(x + x0)
        fewest, most = max(0, happened - int(n0)), min(happened, int(n))
        counts = np.arange(fewest, most + 1)
        chances = np.convolve(chances, hypergeom.pmf(counts, int(n + n0), happened, int(n)))
        least += fewest
    expected = float(np.sum(tables.placed * (tables.events + tables.other_events) / tables.sizes))
    off = np.abs(least + np.arange(len(chances)) - expected)
    seen = abs(float(tables.events.sum()) - expected)
    return float(min(1.0, chances[off >= seen - TOLERANCE].sum()))
