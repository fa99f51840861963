"""What keeps web pages out while no key is asked for.

With authentication off whoever reaches the port may do everything, and every page that the operator
opens in a browser reaches the port: by a form or a script of another origin, or by a name of its
own that it points to 127.0.0.1 (DNS rebinding). A page cannot forge the `Host` and `Origin` headers
that its browser sends, so a host name that is not this machine's own, or another origin than the
API's, is refused. With keys a page has no key to send, and a browser lets it add none.
"""

from __future__ import annotations

import re

from starlette.types import Scope

from api.http.problems import Problem

_LOCAL = re.compile(rb"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_JSON = re.compile(rb"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)


def refusal(scope: Scope) -> Problem | None:
    """Why a request is not answered while authentication is off; None if it is.

    >>> refusal({"headers": [(b"host", b"localhost:8000")]}) is None
    True
    >>> refusal({"headers": [(b"host", b"school.example")]}).status
    403
    """
    host, origin, kind, has_body = b"", None, b"", False
    for name, value in scope["headers"]:
        if name == b"host":
            if not _LOCAL.fullmatch(value):
                return Problem.of_field("host", _FOREIGN_HOST, 403)
            host = value
        elif name == b"origin":
            origin = value
        elif name == b"content-type":
            kind = value
        elif name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
            has_body = True
    if origin is None:
        return None
    if not _same(origin, host):
        return Problem.of_field("origin", _FOREIGN_ORIGIN, 403)
    if has_body and not _JSON.fullmatch(kind):
        return Problem.of_field("content-type", "must be application/json", 415)
    return None


def _same(origin: bytes, host: bytes) -> bool:
    _, scheme, authority = origin.lower().partition(b"://")
    return bool(scheme and host) and authority == host.lower()


_FOREIGN_HOST = (
    "authentication is off, so the API is called by localhost, 127.0.0.1 or [::1]; "
    "set FAROL_AUTH=keys to serve it under another name"
)
_FOREIGN_ORIGIN = "authentication is off, so a web page of another origin may not call the API"
