"""The same pipeline behind BentoML, with its adaptive batching."""

from __future__ import annotations

from typing import Any

import bentoml

from recipe import fitted_pipeline, frame


@bentoml.service(workers=4, traffic={"timeout": 30})
class Risk:
    """Scores records; batching gathers concurrent requests into one frame."""

    def __init__(self) -> None:
        self.model = fitted_pipeline()

    @bentoml.api(batchable=True, max_batch_size=100, max_latency_ms=100)
    def predict(self, records: list[dict[str, Any]]) -> list[float]:
        return [float(p) for p in self.model.predict_proba(frame(records))[:, 1]]
