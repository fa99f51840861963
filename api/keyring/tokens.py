"""JSON Web Tokens of the organisation's identity provider, in the place of an API key.

A token says who is asking and what that may be, and the provider's signature vouches for it. It is
verified by its public keys alone (`api.keyring.jwks`), when it comes for the first time; nothing of
it is stored. It cannot be revoked: it ends by itself, within a day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import jwt

from api.http.problems import Problem
from api.keyring.claims import LEEWAY, client_of
from api.keyring.jwks import ALGORITHMS, KeySource, PublicKey, PublicKeys
from api.security import Client
from model.trust.token_issuer import TokenIssuer

MOST = 10_000
"""Tokens that a worker knows; the one that came first is verified again when it comes next."""

MOST_BYTES = 16_384
REQUIRED = ["exp", "iss", "aud", "sub"]


class TokenDoor:
    """Recognises tokens.

    Args:
        issuer: whose count.
        source: the keys.
        now: the clock, aware UTC.
    """

    def __init__(self, issuer: TokenIssuer, source: KeySource, now: Callable[[], datetime]) -> None:
        self.source = source
        self._issuer = issuer
        self._now = now
        self._by: PublicKeys | None = None
        self._known: dict[bytes, Client] = {}

    def known(self, token: bytes) -> Client | None:
        """Whose token that is, where it was verified before and counts still."""
        client = self._known.get(token)
        if client is None:
            return None
        over = client.until is not None and client.until <= self._now()
        if over or self._by is not self.source.keys:
            return None
        return client

    def verify(self, token: bytes) -> Client:
        """Whose token that is.

        Raises:
            Problem: 401 it does not count, 503 the keys of the provider are not known yet.
        """
        keys = self.source.keys
        if keys is None:
            raise Problem(503, "The keys for tokens are not known at the moment.", retry_after=1)
        if self._by is not keys:
            self._by, self._known = keys, {}
        try:
            client = client_of(self._claims(token, keys), self._now())
        except jwt.PyJWTError as error:
            raise _refused(_reason(error)) from error
        except (ValueError, TypeError, OverflowError) as error:
            raise _refused(str(error)) from error
        while len(self._known) >= MOST:
            del self._known[next(iter(self._known))]
        self._known[token] = client
        return client

    def _claims(self, token: bytes, keys: PublicKeys) -> dict[str, Any]:
        if len(token) > MOST_BYTES:
            raise ValueError(f"it is longer than {MOST_BYTES} bytes")
        key = self._key(token, keys)
        said: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=key.algorithms,
            audience=self._issuer.audience,
            issuer=self._issuer.issuer,
            leeway=LEEWAY,
            options={"require": REQUIRED},
        )
        return said

    def _key(self, token: bytes, keys: PublicKeys) -> PublicKey:
        """The key that must have made the signature; what else the header says is not believed."""
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise ValueError("its signature is of a kind that is not accepted")
        kid = header.get("kid")
        key = keys.of(kid if isinstance(kid, str) else None)
        if key is None:
            self.source.want()
            raise ValueError("it is signed with a key that the provider does not show")
        return key


def _refused(reason: str) -> Problem:
    return Problem(401, f"This token is not accepted: {reason}.")


def _reason(error: jwt.PyJWTError) -> str:
    """Why a token does not count, without a word of what it says."""
    match error:
        case jwt.ExpiredSignatureError():
            return "it has expired"
        case jwt.ImmatureSignatureError():
            return "it does not count yet"
        case jwt.InvalidAudienceError():
            return "it is for another audience"
        case jwt.InvalidIssuerError():
            return "it is of another issuer"
        case jwt.MissingRequiredClaimError():
            return f"it lacks {error.claim}"
        case jwt.InvalidAlgorithmError():
            return "its signature is of a kind that is not accepted"
        case jwt.InvalidSignatureError():
            return "its signature does not hold"
        case _:
            return "it is no token that can be read"
