"""How an answer went, as its span tells it."""

from __future__ import annotations

from starlette.types import Message, Send

from model.telemetry.tracer import TelemetrySpan

FAILED = 500


def noting(span: TelemetrySpan, send: Send) -> Send:
    """Sends what it is given; the span has the answer's status, and failed from 500 on."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            status: int = message["status"]
            span.tell({"http.response.status_code": status})
            if status >= FAILED:
                span.fail(str(status))
        await send(message)

    return sending
