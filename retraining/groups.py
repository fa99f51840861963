"""Whom a model misses: recall by protected group at the common budget."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from retraining.evidence import GroupRecall
from retraining.ranking import Floats

MIN_POSITIVES = 30
"""Below this many at risk a group's recall is off by nine points by chance alone."""


def group_recalls(
    outcome: Floats,
    protected: Mapping[str, NDArray[np.str_]],
    challenger: Floats,
    champion: Floats | None,
) -> tuple[GroupRecall, ...]:
    """Recall in every group, attributes and groups in alphabetical order.

    Args:
        outcome: shape (n,), 1.0 at risk.
        protected: attribute to n group names; records without one ("") are left out.
        challenger: shape (n,), how much of each record the challenger flags.
        champion: the same for the champion.
    """
    return tuple(
        _group(attribute, str(group), values == group, outcome, challenger, champion)
        for attribute, values in sorted(protected.items())
        for group in np.unique(values)
        if group != ""
    )


def _group(
    attribute: str,
    group: str,
    member: NDArray[np.bool_],
    outcome: Floats,
    challenger: Floats,
    champion: Floats | None,
) -> GroupRecall:
    at_risk = member & (outcome == 1)
    positives = int(at_risk.sum())
    caught = float(challenger[at_risk].sum())
    low, high = wilson(caught, positives) if positives else (None, None)
    return GroupRecall(
        attribute=attribute,
        group=group,
        rows=int(member.sum()),
        positives=positives,
        small=positives < MIN_POSITIVES,
        champion=float(champion[at_risk].mean()) if champion is not None and positives else None,
        challenger=caught / positives if positives else None,
        low=low,
        high=high,
        flagged=float(challenger[member].mean()),
    )


def wilson(caught: float, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's interval of a share, 95 % by default.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.

    >>> tuple(round(x, 3) for x in wilson(8, 10))
    (0.49, 0.943)
    """
    share = caught / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))
