"""Made-up records for a bundle's self-test: nobody's row, but rows like anybody's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.student import Features, Value
from preprocessing.task.columns import Kind
from preprocessing.task.spec import TaskSpec

MIXED = 12
QUANTILES = (0.02, 0.2, 0.4, 0.6, 0.8, 0.98)


def golden_records(task: TaskSpec, records: Sequence[Features], seed: int) -> list[Features]:
    """Records whose values are quantiles, each feature's drawn on its own, and an empty one.

    Features are drawn independently and numbers lie between those seen, so no record of a student
    is reproduced. Some values are left out, and some categories are unseen.
    """
    random = np.random.default_rng(seed)
    choices = {c.name: _choices(c.kind, [r.get(c.name) for r in records]) for c in task.features}
    made: list[Features] = [{}]
    for _ in range(MIXED):
        record: dict[str, Value] = {}
        for name, values in choices.items():
            if values and random.random() > 0.1:
                record[name] = values[int(random.integers(len(values)))]
        made.append(record)
    return made


def _choices(kind: Kind, values: Sequence[Value | None]) -> list[Value]:
    seen = [value for value in values if value is not None]
    if kind is Kind.CATEGORY:
        return [*sorted({str(value) for value in seen}), "never seen"] if seen else []
    numbers = np.array(seen, dtype=np.float64)
    return [float(v) for v in np.quantile(numbers, QUANTILES)] if numbers.size else []
