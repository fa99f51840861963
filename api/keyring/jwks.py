"""The public keys of an identity provider: a JWKS (RFC 7517) from a file or an https address.

They are read beside the requests. What was read last stands while the file or the provider cannot
be read, and of an address over a restart too: it is kept in the home.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import orjson

from model.errors import ConfigurationError
from model.trust.private import write_private
from model.trust.token_issuer import TokenIssuer

NAME = "token_keys.json"
TURN_SECONDS = 2.0
EVERY = timedelta(minutes=10)
"""How often an address is asked; providers show a new key well before they sign with it."""

AGAIN = timedelta(seconds=30)
"""How soon it is asked again after a failure, or for a key that a token names and nobody knows."""

FETCH_SECONDS = 5.0
MOST_BYTES = 1_000_000

RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
ALGORITHMS = (*RSA, "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that the public key verifies and cannot make; no HMAC, and not `none`."""

LEAST_RSA_BITS = 2048

Fetch = Callable[[str], bytes]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies signatures.

    Attributes:
        key: as the library takes it.
        algorithms: those that it may be used with: the one that it names, or those of its kind.
    """

    key: Any
    algorithms: Sequence[str]


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The keys of a provider.

    Attributes:
        by_id: `kid` to the key; "" for one without.
        read_at: when they were read, aware UTC.
    """

    by_id: Mapping[str, PublicKey]
    read_at: datetime

    def of(self, kid: str | None) -> PublicKey | None:
        """The key that a token names; where it names none, the only one there is."""
        if kid is not None:
            return self.by_id.get(kid)
        return next(iter(self.by_id.values())) if len(self.by_id) == 1 else None


def keys_of(content: bytes, read_at: datetime) -> PublicKeys:
    """The public signing keys of a JWKS; others in it are left out.

    Raises:
        ValueError: it is no JWKS, or has no key that may be used.
    """
    told = orjson.loads(content)
    if not isinstance(told, dict) or not isinstance(told.get("keys"), list):
        raise ValueError('it is no JWKS: {"keys": [...]} is missing')
    found = {
        str(one.get("kid", "")): key
        for one in told["keys"]
        if isinstance(one, dict) and (key := _usable(one)) is not None
    }
    if not found:
        raise ValueError("it has no public key for signatures (RSA, EC or Ed25519)")
    return PublicKeys(found, read_at)


def _usable(told: dict[str, Any]) -> PublicKey | None:
    """The key, unless it is for encryption, symmetric, private, short, or of no known kind."""
    if told.get("use", "sig") != "sig" or "d" in told:
        return None
    try:
        key = jwt.PyJWK(told)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if key.algorithm_name not in ALGORITHMS:
        return None
    if getattr(key.key, "key_size", LEAST_RSA_BITS) < LEAST_RSA_BITS and told.get("kty") == "RSA":
        return None
    of_kind = RSA if told.get("kty") == "RSA" else (key.algorithm_name,)
    return PublicKey(key.key, (key.algorithm_name,) if told.get("alg") else of_kind)


def fetched(address: str) -> bytes:
    """What an https address answers, without being sent elsewhere; it waits, so not in the loop.

    Raises:
        httpx.HTTPError: it does not answer, or with an error.
        ValueError: the answer is too long, or comes too slowly.
    """
    ends = time.monotonic() + 2 * FETCH_SECONDS
    with (
        httpx.Client(timeout=FETCH_SECONDS, follow_redirects=False) as client,
        client.stream("GET", address, headers={"accept": "application/json"}) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise httpx.HTTPError(f"it answers {answer.status_code}")
        content = bytearray()
        for part in answer.iter_bytes():
            content += part
            if len(content) > MOST_BYTES or time.monotonic() > ends:
                raise ValueError("the answer is too long, or comes too slowly")
        return bytes(content)


class KeySource:
    """The keys as this worker knows them.

    Args:
        issuer: whose.
        home: of the installation; keys that were fetched are kept there.
        now: the clock, aware UTC.
        fetch: reads an address.

    Attributes:
        keys: those that were read last; None before the first.
        fault: why they could not be read anew; empty where they could.
    """

    def __init__(
        self,
        issuer: TokenIssuer,
        home: Path,
        now: Callable[[], datetime],
        fetch: Fetch = fetched,
    ) -> None:
        self.keys: PublicKeys | None = None
        self.fault = ""
        self._issuer = issuer
        self._kept = home / NAME
        self._now = now
        self._fetch = fetch
        self._asked_at: datetime | None = None
        self._stamp: tuple[int, int] | None = None
        self._wanted = False

    def want(self) -> None:
        """A token names a key that is not there: it is looked for soon, and not by the request."""
        self._wanted = True

    async def follow(self) -> None:
        """Reads the keys again and again, until cancelled."""
        while True:
            await self.turn()
            await asyncio.sleep(TURN_SECONDS)

    def open(self) -> None:
        """Takes what is there already: the file, or what was kept of the address.

        Raises:
            ConfigurationError: the file cannot be read.
        """
        if self._issuer.file is not None:
            try:
                self._read_file(self._issuer.file)
            except (OSError, ValueError) as error:
                raise ConfigurationError(f"FAROL_JWT_KEYS: {self._explain(error)}") from error
            return
        try:
            kept = orjson.loads(self._kept.read_bytes())
            if kept["address"] == self._issuer.keys:
                read_at = datetime.fromisoformat(kept["read_at"])
                self.keys = keys_of(orjson.dumps(kept["jwks"]), read_at)
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("%s is not used: %s", NAME, type(error).__name__)

    async def turn(self) -> None:
        """Reads the keys where it is time to; a failure is logged once and told by `fault`."""
        try:
            if self._issuer.file is not None:
                await asyncio.to_thread(self._read_file, self._issuer.file)
            elif self._is_due():
                self._asked_at, self._wanted = self._now(), False
                await self._ask()
        except (httpx.HTTPError, OSError, ValueError) as error:
            fault = self._explain(error)
            if fault != self.fault:
                _log.warning("the keys for tokens are not read anew: %s", fault)
            self.fault = fault
            return
        if self.keys is not None and self._fresh():
            self.fault = ""

    def _fresh(self) -> bool:
        """Whether what is known is what was read at the last try."""
        if self._issuer.file is not None or self._asked_at is None or self.keys is None:
            return True
        return self.keys.read_at >= self._asked_at

    def _is_due(self) -> bool:
        now = self._now()
        if self._asked_at is None:
            return self.keys is None or now - self.keys.read_at >= EVERY
        pause = AGAIN if self.fault or self._wanted or self.keys is None else EVERY
        return abs(now - self._asked_at) >= pause

    async def _ask(self) -> None:
        content = await asyncio.to_thread(self._fetch, self._issuer.keys)
        self.keys = keys_of(content, self._now())
        self.fault = ""
        kept = {
            "address": self._issuer.keys,
            "read_at": self.keys.read_at,
            "jwks": orjson.loads(content),
        }
        await asyncio.to_thread(write_private, self._kept, orjson.dumps(kept))

    def _read_file(self, file: Path) -> None:
        found = file.stat()
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._stamp:
            self.keys = keys_of(file.read_bytes(), datetime.fromtimestamp(found.st_mtime, UTC))
            self._stamp = stamp

    def _explain(self, error: Exception) -> str:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return f"{self._issuer.keys}: {reason or type(error).__name__}"
