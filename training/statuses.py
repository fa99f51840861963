"""What each status was worth on the records that a model is judged on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.figures import Share, share_of
from model.prediction import Scale, Thresholds
from model.statuses import StatusFigures
from model.student import Features

Array = NDArray[np.float64]


def status_figures(
    cuts: Thresholds, outcome: Array, scores: Array, records: Sequence[Features] = ()
) -> tuple[StatusFigures, ...]:
    """The statuses, worst first, each without those who are worse off; first the flagged.

    Args:
        cuts: where the statuses begin.
        outcome: shape (n,), of the judged records.
        scores: shape (n,), of a model that had not learned from the record.
        records: the n records, which say what lane each is in; needed where lanes have their own
            cut-offs, of which `cutoff` then names those of the students at risk now.
    """
    reached = np.vectorize(cuts.scale.reached, otypes=[bool])
    own = [cuts] * len(scores) if cuts.new is None else [cuts.for_record(r) for r in records]
    critical = reached(scores, [one.critical for one in own])
    alert = reached(scores, [one.alert for one in own])
    found = [
        ("critical", cuts.critical, critical),
        ("alert", cuts.alert, alert & ~critical),
        ("expected", 0.0, ~(alert | critical)),
    ]
    risk = cuts.scale is Scale.RISK
    if risk:
        found.insert(0, ("high", cuts.operating, reached(scores, [one.operating for one in own])))
    return tuple(
        StatusFigures(
            status,
            cutoff,
            students := int(inside.sum()),
            share_of(float(outcome[inside].sum()), students) if risk else Share(),
            float(outcome[inside].sum()) / max(1, students),
        )
        for status, cutoff, inside in found
    )
