"""Who made a bundle: HMAC-SHA256 over its digest with the installation's key."""

from __future__ import annotations

import hashlib
import hmac

from model.errors import BundleError


def sign(digest: str, key: bytes) -> str:
    """The signature of a digest, hex.

    >>> len(sign("ab12", b"key"))
    64
    """
    return hmac.new(key, digest.encode(), hashlib.sha256).hexdigest()


def verify(digest: str, signature: str, key: bytes) -> None:
    """Accepts the signature, or raises.

    Raises:
        BundleError: it was made with another key or for other bytes.
    """
    if not hmac.compare_digest(sign(digest, key).encode(), signature.encode()):
        raise BundleError("the bundle is not signed with this installation's key")
