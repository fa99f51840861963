"""Whose tokens are believed, besides API keys and people's sessions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HTTPS = "https://"


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """An identity provider that issues JSON Web Tokens.

    Attributes:
        issuer: what its tokens say under `iss`, to the letter.
        audience: what a token for this installation says under `aud`.
        keys: its public keys, a JWKS: a file, or an https address.
    """

    issuer: str
    audience: str
    keys: str

    @property
    def file(self) -> Path | None:
        """The file of the keys; None where they are fetched."""
        return None if self.keys.startswith(HTTPS) else Path(self.keys)
