"""The installation's signing key, and a second one beside it while it is being changed.

`FAROL_SIGNING_KEY`, or `signing.key` in the home, is one key; or a chain: `farol-keys:`, how far
the change is, and the two keys in base64. The first key of a chain signs, and what either of them
signed is believed. Whatever takes the installation's key as bytes takes a chain as it is.
"""

from __future__ import annotations

import base64
import binascii
from enum import StrEnum

from model.errors import ConfigurationError

PREFIX = b"farol-keys:"


class KeyChange(StrEnum):
    """How far the change of a signing key is."""

    ONE = "one"
    PREPARED = "prepared"
    SWITCHED = "switched"


def stage_of(key: bytes) -> KeyChange:
    """How far the change of the key is.

    >>> stage_of(b"plain"), stage_of(chained(KeyChange.PREPARED, b"former", b"new"))
    (<KeyChange.ONE: 'one'>, <KeyChange.PREPARED: 'prepared'>)
    """
    return _read(key)[0]


def keys_in(key: bytes) -> tuple[bytes, ...]:
    """The keys that are believed, the one that signs first.

    Raises:
        ConfigurationError: it begins like a chain and is none.

    >>> keys_in(b"plain")
    (b'plain',)
    >>> keys_in(chained(KeyChange.SWITCHED, b"new", b"former"))
    (b'new', b'former')
    """
    return _read(key)[1]


def signing(key: bytes) -> bytes:
    """The key that signs.

    Raises:
        ConfigurationError: as `keys_in`.
    """
    return keys_in(key)[0]


def chained(stage: KeyChange, first: bytes, second: bytes) -> bytes:
    """What is written for two keys, of which the first signs."""
    told = b",".join(base64.b64encode(key) for key in (first, second))
    return PREFIX + stage.value.encode() + b":" + told


def _read(key: bytes) -> tuple[KeyChange, tuple[bytes, ...]]:
    if not key.startswith(PREFIX):
        return KeyChange.ONE, (key,)
    try:
        stage, _, told = key.removeprefix(PREFIX).strip().decode().partition(":")
        first, second = (base64.b64decode(part, validate=True) for part in told.split(","))
        if not first or not second:
            raise ValueError("an empty key")
        return KeyChange(stage), (first, second)
    except (ValueError, binascii.Error) as error:
        raise ConfigurationError(
            "FAROL_SIGNING_KEY (or signing.key) begins with farol-keys: and is not what "
            "`python -m deployment.signing` writes; restore it from before"
        ) from error
