"""Outcomes of records that the champion did not learn from, with its scores of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from drift.performance.over_time import JudgedRecords
from model.label import Label
from preprocessing.lanes import new_cases, operating_cuts
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec


def judged_records(
    unseen: Sequence[Label],
    predictor: Predictor,
    task: TaskSpec,
    helped: Callable[[Sequence[Label]], NDArray[np.bool_] | None] = lambda _: None,
) -> JudgedRecords | None:
    """The champion on outcomes, the newest first; None where there are none.

    Args:
        unseen: labels of records that it was not trained on, in any order.
        predictor: its own.
        task: of a two-valued outcome.
        helped: tells whose student was helped before the outcome.
    """
    if not unseen:
        return None
    newest = sorted(unseen, key=lambda label: label.first_arrived_at, reverse=True)
    records = [label.features for label in newest]
    rows = predictor.encoder.encode_many(records)
    return JudgedRecords(
        outcomes=np.array([label.outcome for label in newest], dtype=np.float64),
        scores=predictor.bundle.score(rows),
        cuts=operating_cuts(predictor.thresholds, records),
        periods=tuple(label.period for label in newest),
        arrived=tuple(label.first_arrived_at for label in newest),
        new=new_cases(records, task),
        rows=rows,
        helped=helped(newest),
    )
