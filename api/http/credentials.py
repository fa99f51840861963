"""What a request shows of who sent it."""

from __future__ import annotations

import ipaddress

from starlette.types import Scope


def secret_of(scope: Scope) -> bytes:
    """The secret in the request's headers, or nothing."""
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return bytes(value[7:].strip())
        if name == b"x-api-key":
            return bytes(value.strip())
    return b""


def is_token(secret: bytes) -> bool:
    """Whether that has the form of a JSON Web Token; no API key and no session has it.

    >>> is_token(b"eyJhbGciOiJub25lIn0.e30."), is_token(b"farol_a"), is_token(b"a.b.c")
    (True, False, False)
    """
    return secret.startswith(b"eyJ") and secret.count(b".") == 2


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own.

    >>> is_loopback("127.0.0.2"), is_loopback("::1"), is_loopback("10.0.0.1"), is_loopback("")
    (True, True, False, False)
    """
    if host == "127.0.0.1":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
