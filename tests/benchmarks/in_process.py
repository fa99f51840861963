"""What one record costs inside a worker, without HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import cycle, islice
from statistics import median

from tests.benchmarks.home import Home

ROUNDS = 2000


def measure(home: Home) -> Mapping[str, str]:
    """Medians, ready to be read."""
    records = list(islice(cycle(home.records), ROUNDS))
    predictor = home.predictor
    score = _median_us([partial(predictor.score_one, r) for r in records])
    explain = _median_us([partial(predictor.explain, r) for r in records[: ROUNDS // 4]])
    batch = records[:1000]
    many = _median_us([lambda: predictor.score_many(batch)] * 20)
    return {
        "encode and score one record": f"{score:.1f} µs",
        "explain it": f"{explain:.0f} µs",
        "a batch of 1,000 records": f"{len(batch) / many * 1e6:,.0f} rows/s",
    }


def _median_us(calls: list[Callable[[], object]]) -> float:
    times = []
    for call in calls:
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return median(times) * 1e6
