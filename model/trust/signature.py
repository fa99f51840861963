"""Seals of this installation: HMAC-SHA256 over named fields and what they are for."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

from model.trust.keychain import keys_in, signing

FORMAT = 1

Fields = Mapping[str, str | int | bool | None]


def seal(purpose: str, fields: Fields, key: bytes) -> str:
    """The HMAC-SHA256 of some fields, hex.

    The purpose is part of it, so that a seal made for one kind of document says nothing about
    another. The fields are encoded as JSON with sorted names, so no two sets share an encoding.

    Args:
        purpose: what is sealed, `model version` say.
        fields: name to value; texts, whole numbers, truth values and None only.
        key: the installation's key; of a chain (`model.trust.keychain`) the one that signs.

    >>> seal("x", {"a": "1", "b": "2"}, b"key") == seal("x", {"b": "2", "a": "1"}, b"key")
    True
    >>> seal("x", {"a": "1"}, b"key") == seal("y", {"a": "1"}, b"key")
    False
    """
    content = {"format": FORMAT, "purpose": purpose, "fields": dict(fields)}
    encoded = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hmac.new(signing(key), encoded.encode(), hashlib.sha256).hexdigest()


def check(purpose: str, fields: Fields, found: str, key: bytes) -> bool:
    """Whether `found` is the seal of these fields by a key of the chain, in constant time."""
    return any(
        hmac.compare_digest(seal(purpose, fields, one).encode(), found.encode())
        for one in keys_in(key)
    )


def check_former(artifact: str, found: str, key: bytes) -> bool:
    """Whether `found` is a version's signature of before: HMAC-SHA256 of the archive's digest.

    It covers neither name, task nor training list, so it counts only while an installation of
    before is adopted (`database.adoption`).
    """
    made = [hmac.new(one, artifact.encode(), hashlib.sha256).hexdigest() for one in keys_in(key)]
    return any(hmac.compare_digest(one.encode(), found.encode()) for one in made)
