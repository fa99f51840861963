"""Reading a request's body within bounds."""

from __future__ import annotations

from starlette.types import Receive

from api.problems import Problem

SMALL = 64 * 1024
LARGE = 16 * 1024 * 1024


class Disconnected(Exception):
    """The caller went away before the whole body came."""


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body.

    Raises:
        Problem: 413, longer than `limit` bytes.
        Disconnected: nobody is there to answer.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body"):
        _check(len(body), limit)
        return body
    chunks, size = [body], len(body)
    while True:
        if message["type"] == "http.disconnect":
            raise Disconnected
        _check(size, limit)
        if not message.get("more_body"):
            return b"".join(chunks)
        message = await receive()
        chunk = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)


def _check(size: int, limit: int) -> None:
    if size > limit:
        raise Problem.of_field("body", f"must be at most {limit} bytes", status=413)
