"""The score interval of a difference of shares over strata."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from retraining.helping.tables import Floats, Tables

EDGE = 1e-9
"""How near to a difference of one, or to the one that was found, the ends are looked for."""


def score_interval(tables: Tables, level: float = 0.95) -> tuple[float, float]:
    """The interval of the Mantel-Haenszel difference.

    A difference is in it where the counts do not contradict it: the variance is that of the shares
    that fit it best. So it holds its level with few students and with shares near 0 or 1, where the
    common interval does not.

    Args:
        tables: k ≥ 1 strata.
        level: of the interval.

    Source: Miettinen and Nurminen (1985), Comparative analysis of two rates, equations 8 to 10 and
    the appendix, with Mantel-Haenszel weights.

    >>> one = Tables(*(np.array([x]) for x in (56.0, 70.0, 48.0, 80.0)))
    >>> tuple(round(end, 4) for end in score_interval(one))
    (0.0528, 0.3382)
    """
    z = float(norm.ppf((1 + level) / 2))
    found = tables.difference

    def beyond(difference: float) -> float:
        return abs(found - difference) - z * float(np.sqrt(_variance(tables, difference)))

    # Where nobody's share is anything but 0 or 1, the difference itself has no variance and would
    # pass for an end; a step beside it has one.
    middle = float(np.clip(found, -1 + EDGE, 1 - EDGE))
    low = -1.0 if beyond(-1 + EDGE) <= 0 else brentq(beyond, -1 + EDGE, middle - EDGE)
    high = 1.0 if beyond(1 - EDGE) <= 0 else brentq(beyond, middle + EDGE, 1 - EDGE)
    return float(low), float(high)


def _variance(tables: Tables, difference: float) -> float:
    """Of the common difference, if the true one is this in every stratum."""
    other = fitted_share(tables, difference)
    own = np.clip(other + difference, 0.0, 1.0)
    n = tables.sizes
    of_stratum = own * (1 - own) / tables.placed + other * (1 - other) / tables.others
    return float(tables.weights**2 @ (of_stratum * n / (n - 1)))


def fitted_share(tables: Tables, difference: float) -> Floats:
    """The most likely share of those without a place if the difference is this, shape (k,).

    The root of a cubic equation between 0 and 1, in closed form.
    """
    n, x = tables.sizes, tables.events + tables.other_events
    x0, n0, d = tables.other_events, tables.others, difference
    cubic, square = n, (n + n0) * d - n - x
    linear, constant = (n0 * d - n - 2 * x0) * d + x, x0 * d * (1 - d)
    middle = square / (3 * cubic)
    q = middle**3 - linear * square / (6 * cubic**2) + constant / (2 * cubic)
    reach = np.sqrt(np.maximum(middle**2 - linear / (3 * cubic), 0.0))
    p = np.where(q >= 0, reach, -reach)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(p == 0, 0.0, q / np.where(p == 0, 1.0, p) ** 3)
    angle = (np.pi + np.arccos(np.clip(ratio, -1.0, 1.0))) / 3
    share: Floats = 2 * p * np.cos(angle) - middle
    return np.clip(share, max(0.0, -d), min(1.0, 1.0 - d))
