"""Headers that every answer has, an error too: what a browser may do with it.

A browser that shows an answer runs nothing in it, frames it nowhere, keeps no copy of it and
guesses no other kind of content. What a route says of itself counts. `Strict-Transport-Security` is
for the proxy to say, which knows whether there is TLS.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import Message, Send

Header = tuple[bytes, bytes]

_NO_SCRIPT = (
    b"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
    b"form-action 'none'; frame-ancestors 'none'"
)
SCRIPTED_PAGE = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Of a page of ours whose scripts are our own: `/docs`."""

SEARCHED_PAGE = f"{SCRIPTED_PAGE}; worker-src blob:"
"""The same of `/redoc`, which searches in a worker that its script makes."""
REQUEST_ID = b"x-request-id"

_NO_GUESS: Header = (b"x-content-type-options", b"nosniff")
_NO_COPY: Header = (b"cache-control", b"no-store")
_NOTHING: Header = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")

OF_DATA: tuple[Header, ...] = (_NO_GUESS, _NOTHING, _NO_COPY)
"""Of what is no page. Few, because uvicorn takes a microsecond to check and write each."""

_OF_PAGES: tuple[Header, ...] = (
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_OWN = frozenset({b"content-security-policy", b"cache-control", b"etag"})


def secured(send: Send, request_id: str) -> Send:
    """Sends what it is given, an answer with the headers that it lacks, and the request's id.

    What `/predict` answers, and the connection before there is a request, has them by itself.
    """
    named: Header = (REQUEST_ID, request_id.encode())

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*_with(message.get("headers", ())), named]
        await send(message)

    return sending


def _with(headers: Iterable[Header]) -> list[Header]:
    given = list(headers)
    page = False
    own: set[bytes] = set()
    for name, value in given:
        if name in _OWN:
            own.add(name)
        elif name == b"content-type":
            page = value.startswith(b"text/html")
    given.append(_NO_GUESS)
    if page:
        given.extend(_OF_PAGES)
    if b"content-security-policy" not in own:
        given.append((b"content-security-policy", _NO_SCRIPT) if page else _NOTHING)
    if not own & {b"cache-control", b"etag"}:
        given.append(_NO_COPY)
    return given
