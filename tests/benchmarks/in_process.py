"""What one record costs inside a worker, without HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import cycle, islice
from statistics import median

from model.student import Features
from preprocessing.predictor import Predictor
from tests.benchmarks.home import Home

ROUNDS = 2000


def measure(home: Home) -> Mapping[str, str]:
    """Medians, ready to be read."""
    return {
        **_measure(home.trees, home.records, "500 trees"),
        **_measure(home.usual, home.records, "LightGBM as trained by default"),
    }


def _measure(predictor: Predictor, known: Sequence[Features], name: str) -> dict[str, str]:
    records = list(islice(cycle(known), ROUNDS))
    score = _median_us([partial(predictor.score_one, r) for r in records])
    explain = _median_us([partial(predictor.explain, r) for r in records[: ROUNDS // 4]])
    batch = records[:1000]
    many = _median_us([lambda: predictor.score_many(batch)] * 20)
    return {
        f"encode and score one record, {name}": f"{score:.1f} µs",
        f"explain it, {name}": f"{explain:.0f} µs",
        f"a batch of 1,000 records, {name}": f"{len(batch) / many * 1e6:,.0f} rows/s",
    }


def _median_us(calls: list[Callable[[], object]]) -> float:
    times = []
    for call in calls:
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return median(times) * 1e6
