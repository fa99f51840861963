"""The header `Idempotency-Key`, as a request brings it.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

from __future__ import annotations

import re

from starlette.types import Scope

from api.http.problems import Problem
from api.operation import Json

HEADER = b"idempotency-key"
REPLAYED = b"idempotency-replayed"
"""A header of an answer that was given before."""

LONGEST = 255
_KEY = re.compile(rb"[\x20-\x7e]{1,%d}" % LONGEST)

IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST},
    "description": "Makes the call one that may be sent again, for 24 hours: the same key with the "
    "same body gives the first answer, with another body 422, and 409 while the first is on its "
    "way. A UUID, say.",
}


def key_of(scope: Scope) -> bytes | None:
    """The key of a request; None where it brings none.

    >>> key_of({"headers": [(b"idempotency-key", b'"8e03978e"')]})
    b'8e03978e'

    Raises:
        Problem: 400, it is none.
    """
    for name, value in scope["headers"]:
        if name == HEADER:
            return _read(value.strip())
    return None


def _read(value: bytes) -> bytes:
    """The draft writes a string of structured fields, in quotes; most callers leave them out."""
    if len(value) > 1 and value[:1] == value[-1:] == b'"':
        value = value[1:-1]
    if not _KEY.fullmatch(value):
        reason = f"must be 1 to {LONGEST} printable ASCII characters"
        raise Problem.of_field("idempotency-key", reason, status=400)
    return value
