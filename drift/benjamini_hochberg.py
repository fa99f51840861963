"""Benjamini-Hochberg: what p-values mean when many were looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def adjust(p_values: Sequence[float]) -> tuple[float, ...]:
    """The q-value of each p-value, in the same order.

    Calling drifted what has q ≤ 0.05 keeps the expected share of false calls at 5 %; when nothing
    drifted, the chance of any call at all.

    Source: Benjamini and Hochberg (1995), "Controlling the false discovery rate".

    >>> adjust([0.01, 0.04, 0.03])
    (0.03, 0.04, 0.04)
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * p.size / np.arange(1, p.size + 1)
    from_above = np.minimum.accumulate(scaled[::-1])[::-1]
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(from_above, 1.0)
    return tuple(adjusted.tolist())
