"""`/predict` while it is traced; without a tracer the plain endpoint answers, in no wrapper."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from api.http.request_ids import SCOPE
from api.limits.gate import CallGate
from api.predict_endpoint import PATH, PREDICTED, PredictEndpoint
from api.services import Services
from api.telemetry.statuses import noting
from model.prediction import Prediction
from model.telemetry.tracer import Tracer


class TracedPredictEndpoint(PredictEndpoint):
    """Answers one prediction, and tells of it as a span.

    Args:
        tracer: begins the spans.
        services: of the task.
        gate: counts the calls; None lets any number through.
    """

    def __init__(self, tracer: Tracer, services: Services, gate: CallGate | None) -> None:
        super().__init__(services, gate)
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        told = {
            "http.request.method": "POST",
            "http.route": PATH,
            "farol.request_id": scope[SCOPE],
            "farol.task": self._task,
        }
        with self._tracer.request(f"POST {PATH}", scope["headers"], told) as span:
            await super().__call__(scope, receive, noting(span, send))
            predicted: Prediction | None = scope.get(PREDICTED)
            if predicted is not None:
                span.tell({
                    "farol.model_version": predicted.model_version,
                    "farol.source": predicted.source.value,
                })  # fmt: skip
