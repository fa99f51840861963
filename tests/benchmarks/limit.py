"""The limit: an ASGI application that reads nothing and answers a constant."""

from __future__ import annotations

import orjson
from starlette.types import Receive, Scope, Send

from tests.benchmarks.floor import ANSWER

BODY = orjson.dumps(ANSWER)
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(BODY)).encode()),
    ],
}
END = {"type": "http.response.body", "body": BODY}


async def app(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answers; the server's messages about its start and stop are refused, which it takes."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await send(START)
    await send(END)
