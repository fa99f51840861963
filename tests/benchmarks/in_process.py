"""What one record costs inside a worker, without HTTP, beside LightGBM's walk of the same rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import cycle, islice
from statistics import median

from model.student import Features
from preprocessing.predictor import Predictor
from tests.benchmarks.bare_trees import BareTrees
from tests.benchmarks.home import Home

ROUNDS = 2000
BATCHES = 20


def measure(home: Home) -> Mapping[str, str]:
    """Medians, ready to be read."""
    return {
        **_measure(home.trees, home.records, "500 trees"),
        **_measure(home.usual, home.records, "LightGBM as trained by default"),
    }


def _measure(predictor: Predictor, known: Sequence[Features], name: str) -> dict[str, str]:
    predictor.self_test()  # As whoever loads a version to serve does.
    records = list(islice(cycle(known), ROUNDS))
    score = _median_us([partial(predictor.score_one, r) for r in records])
    explain = _median_us([partial(predictor.explain, r) for r in records[: ROUNDS // 4]])
    batch = records[:1000]
    many = _median_us([lambda: predictor.score_many(batch)] * BATCHES)
    rows = predictor.encoder.encode_many(records)
    bare = BareTrees(predictor.bundle.scorer.dump(), rows.shape[1])
    walk = _median_us([bare.call_of(row) for row in rows])
    alone, shared = (
        _median_us([partial(bare.margins, rows[:1000], parallel=parallel)] * BATCHES)
        for parallel in (False, True)
    )
    return {
        f"encode and score one record, {name}": f"{score:.1f} µs",
        f"- LightGBM's walk of its encoded row alone, {name}": f"{walk:.1f} µs",
        f"explain it, {name}": f"{explain:.0f} µs",
        f"a batch of 1,000 records, {name}": _rate(many),
        f"- LightGBM's walks of its encoded rows alone, one thread, {name}": _rate(alone),
        f"- the same, all cores, {name}": _rate(shared),
    }


def _rate(micros: float) -> str:
    return f"{1000 / micros * 1e6:,.0f} rows/s"


def _median_us(calls: list[Callable[[], object]]) -> float:
    times = []
    for call in calls:
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return median(times) * 1e6
