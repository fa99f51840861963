"""What this worker measures about one task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from api.metrics.declared import PREDICT
from api.metrics.host import HostMetrics
from model.prediction import Prediction

Served = tuple[str, str, str]
"""Version, label and status of predictions that are counted together."""

OK = "200"


class Metrics:
    """The metrics of this worker about one task.

    Args:
        host: where they are kept.
        task: the task's name.
        slot: this worker's number.
    """

    def __init__(self, host: HostMetrics, task: str, slot: int) -> None:
        self.host = host
        self.latency = host.latency.labels(task)
        self.outbox_rows = host.outbox_rows.labels(task)
        self.outbox_failed = host.outbox_failed.labels(task)
        self.degraded = host.degraded.labels(task)
        self.provisional = host.provisional.labels(task)
        self.generation = host.generation.labels(task, str(slot))
        self.load_seconds = host.load_seconds.labels(task, str(slot))
        self._imputed = host.imputed.labels(task)
        self._unseen = host.unseen.labels(task)
        self._answered = host.requests.labels(task, PREDICT, OK)
        self._task = task
        self._serving: str | None = None
        self._served: dict[Served, int] = {}
        self._new_imputed = 0
        self._new_unseen = 0
        self._new_answered = 0

    def expect(self, operations: Iterable[str]) -> None:
        """Makes room for the routes' figures at the start; see `HostMetrics.reserve`."""
        for operation in operations:
            self.host.requests.labels(self._task, operation, OK)
            self.host.request_seconds.labels(self._task, operation)

    def requested(self, operation: str, status: int, seconds: float) -> None:
        """Counts a call that a route answered."""
        self.host.requests.labels(self._task, operation, str(status)).inc()
        self.host.request_seconds.labels(self._task, operation).observe(seconds)

    def refuse(self, status: int) -> None:
        """Counts a call of `/predict` that was refused."""
        self.host.refused.labels(self._task, str(status)).inc()
        self.host.requests.labels(self._task, PREDICT, str(status)).inc()

    def answered(self, prediction: Prediction) -> None:
        """Counts a call of `/predict` that was answered; `flush` makes it visible."""
        self._new_answered += 1
        self.served(prediction)

    def repeated(self) -> None:
        """Counts a call of `/predict` that was answered as it had been before."""
        self._new_answered += 1

    def labelled(self, status: str, number: int) -> None:
        """Counts outcomes by what became of them."""
        self.host.labels.labels(self._task, status).inc(number)

    def served(self, prediction: Prediction) -> None:
        """Counts a prediction that was answered; `flush` makes it visible."""
        key = (prediction.model_version, prediction.risk_label, prediction.status)
        self._served[key] = self._served.get(key, 0) + 1
        self._new_imputed += len(prediction.imputed)
        self._new_unseen += len(prediction.unseen)

    def served_file(self, counts: Mapping[Served, int], imputed: int, unseen: int) -> None:
        """Counts predictions of a file together, as `served` does each.

        Args:
            counts: version, label and status to their number.
            imputed: values that were filled in.
            unseen: of those, categories that the version never saw.
        """
        for key, number in counts.items():
            self._served[key] = self._served.get(key, 0) + number
        self._new_imputed += imputed
        self._new_unseen += unseen

    def flush(self) -> None:
        """Adds what was counted since the last flush: cheaper than once a prediction."""
        served, self._served = self._served, {}
        for labels, number in served.items():
            self.host.predictions.labels(self._task, *labels).inc(number)
        self._imputed.inc(self._new_imputed)
        self._unseen.inc(self._new_unseen)
        self._answered.inc(self._new_answered)
        self._new_imputed = self._new_unseen = self._new_answered = 0

    def serve(self, version: str | None) -> None:
        """Says which version this worker serves."""
        if version == self._serving:
            return
        if self._serving is not None:
            self.host.champion.labels(self._task, self._serving).set(0)
        if version is not None:
            self.host.champion.labels(self._task, version).set(1)
        self._serving = version
