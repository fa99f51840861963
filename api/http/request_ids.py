"""Which id a request has: the one that its sender gave it, that of its trace, or a new one.

It is in the answer, in the log and with the predictions, and it must name nobody: a client that
sends a student's id as the request's would have it written into the log. So an id is taken only
where it looks drawn by lot, as UUIDs, ULIDs and those of proxies are.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable

from starlette.requests import Request
from starlette.types import Scope

from api.http.secure_headers import REQUEST_ID as HEADER
from api.http.secure_headers import Header
from model.telemetry.context import REQUEST_ID

TRACE_HEADER = b"traceparent"
SCOPE = "farol.request_id"
"""Where a request carries its id."""

_TAKEN = re.compile(rb"(?=(?:-*[0-9A-Fa-f]){16})[0-9A-Fa-f-]{16,64}|[0-7][0-9A-HJKMNP-TV-Z]{25}")
_TRACE = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def begun(scope: Scope) -> str:
    """The id of a request, which its scope and the log have from here on."""
    found = scope[SCOPE] = request_id(scope["headers"])
    REQUEST_ID.set(found)
    return found


def request_id_of(request: Request) -> str:
    """The id of a request that is being answered."""
    return str(request.scope[SCOPE])


def _new() -> str:
    return secrets.token_hex(16)


def request_id(headers: Iterable[Header], draw: Callable[[], str] = _new) -> str:
    """The id of a request with these headers.

    Args:
        headers: of the request.
        draw: draws an id by lot, where they bring none.

    >>> request_id([(b"x-request-id", b"7f3c1f1e-6a5b-4f0e-9b1d-2f1f6f0c9a11")])
    '7f3c1f1e-6a5b-4f0e-9b1d-2f1f6f0c9a11'
    >>> request_id([(b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")])
    '0af7651916cd43dd8448eb211c80319c'
    >>> len(request_id([(b"x-request-id", b"Maria Silva, RA-1")]))
    32
    """
    trace = b""
    for name, value in headers:
        if name == HEADER and _TAKEN.fullmatch(value):
            return value.decode("ascii")
        if name == TRACE_HEADER:
            trace = value
    if trace and (found := _TRACE.fullmatch(trace)):
        return found[1].decode("ascii")
    return draw()
