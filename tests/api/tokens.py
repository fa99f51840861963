"""JSON Web Tokens for tests, and the provider that issues them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUER = "https://login.example.org/"
AUDIENCE = "farol"


def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True, slots=True)
class Provider:
    """An identity provider with one key."""

    kid: str = "k1"
    key: rsa.RSAPrivateKey = field(default_factory=private_key)

    def jwks(self, *others: dict[str, Any], **more: str) -> bytes:
        """The public keys as the provider shows them."""
        told = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        own = told | {"kid": self.kid, "use": "sig"} | more
        return json.dumps({"keys": [own, *others]}).encode()

    def claims(self, **claims: Any) -> dict[str, Any]:
        """What a token says; a claim of None is left out."""
        now = int(time.time())
        said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "system", "iat": now, "exp": now + 600}
        return {name: value for name, value in (said | claims).items() if value is not None}

    def token(self, alg: str = "RS256", header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token that the provider signs."""
        head = {"kid": self.kid} | (header or {})
        return jwt.encode(self.claims(**claims), self.key, algorithm=alg, headers=head)

    def forged(self, alg: str, secret: bytes = b"", **claims: Any) -> str:
        """A token of somebody who has no private key: `none`, or HMAC with something public."""
        said = f"{_part({'alg': alg, 'kid': self.kid})}.{_part(self.claims(**claims))}"
        made = b"" if alg == "none" else hmac.digest(secret, said.encode(), hashlib.sha256)
        return f"{said}.{_encoded(made)}"

    @property
    def pem(self) -> bytes:
        """The public key, as everybody may read it."""
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _part(told: dict[str, Any]) -> str:
    return _encoded(json.dumps(told).encode())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
