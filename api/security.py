"""Who is asking, and may they.

The keys are read from the registry in the background and kept in memory, so that a request never
waits for the registry to be let in. Only SHA-256 digests of the secrets exist on this side, and
only keys that this installation has signed count (`model.trust.key_seal`). Tokens of an identity
provider are believed by its public keys (`api.keyring`), which are kept in memory too.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from starlette.types import Scope as AsgiScope

from api.http.credentials import is_loopback, is_token, secret_of
from api.http.problems import Problem
from api.key_trust import KeyTrust
from api.registry import Registry
from model.access import ApiKey, Scope
from model.errors import ConfigurationError, RegistryError
from model.people.session import PREFIX, SignedIn

REFRESH_SECONDS = 2.0
"""A revoked key stops working within this time; a new one works at once."""

ALL_SCOPES = frozenset(Scope)

_log = logging.getLogger(__name__)

Kind = Literal["key", "person", "token"]


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks; `name` goes into records, never the key.

    Attributes:
        name: of the key or person, or the subject of a token.
        tasks: the tasks the key is for; all, where none is named.
        units: the schools the key is for, as they were named; all, where none is.
        signed_in: the person's session; None for an API key.
        key_id: of the API key, or what stands for issuer and subject of a token; "" is none.
        kind: what was shown: an API key (or nothing, where authentication is off), a person's
            session, or a token of the organisation's identity provider.
        until: from when on it is nobody any more; None: until that is told.
    """

    name: str
    scopes: frozenset[Scope]
    tasks: frozenset[str] = frozenset()
    units: tuple[str, ...] = ()
    signed_in: SignedIn | None = None
    key_id: str = ""
    kind: Kind = "key"
    until: datetime | None = None

    def may_see(self, task: str) -> bool:
        """Whether the key is for that task.

        >>> Client("school", frozenset(), frozenset({"scores"})).may_see("pede_lag")
        False
        """
        return not self.tasks or task in self.tasks

    @property
    def told(self) -> str:
        """What a refusal calls it."""
        return {"key": "This API key", "token": "This token"}.get(self.kind, self.name)


LOCAL = Client("local", ALL_SCOPES)


class Sessions(Protocol):
    """The sessions of people, by their tokens."""

    def known(self, token: bytes) -> Client | None:
        """Who is in a session, if that can be told without waiting."""

    async def look_up(self, token: bytes) -> Client | None:
        """Who is in a session; None where nobody is.

        Raises:
            RegistryError: that cannot be told at the moment.
            ConfigurationError: this host's notes cannot be read.
        """

    async def refresh(self) -> None:
        """Asks anew who is still in which of the sessions that are known."""


class Tokens(Protocol):
    """The tokens of an identity provider."""

    def known(self, token: bytes) -> Client | None:
        """Whose token that is, where it was verified before and counts still."""

    def verify(self, token: bytes) -> Client:
        """Whose token that is.

        Raises:
            Problem: 401 it does not count, 503 the keys of the provider are not known yet.
        """


class Uses(Protocol):
    """Which keys are used, as it is kept in the registry."""

    def note(self, key_id: str) -> None:
        """Notes that a key is used; nothing is written."""

    async def write(self) -> None:
        """Writes down what was noted, at most once a minute."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Other ways in than an API key, and what is kept of the keys.

    Attributes:
        sessions: of people; None where nobody signs in.
        tokens: of an identity provider; None where none is believed.
        uses: where it is kept which keys are used; None: nowhere.
    """

    sessions: Sessions | None = None
    tokens: Tokens | None = None
    uses: Uses | None = None


class KeyRing:
    """The keys of this installation, or none when authentication is off.

    Args:
        registry: where the keys are.
        mode: `FAROL_AUTH`.
        clock: seconds that only grow.
        trust: which keys are believed.
        doors: what lets in besides.
        now: aware UTC.
    """

    def __init__(
        self,
        registry: Registry,
        mode: Literal["keys", "off"],
        clock: Callable[[], float],
        trust: KeyTrust,
        doors: Doors = Doors(),
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._registry = registry
        self._sessions = doors.sessions
        self._tokens = doors.tokens
        self._uses = doors.uses
        self._now = now
        self._off = mode == "off"
        self._clock = clock
        self._trust = trust
        self._clients: dict[str, Client] | None = None
        self._known: dict[bytes, Client] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def follow(self) -> None:
        """Reads the keys again and again, until cancelled; with authentication off once."""
        while True:
            await self._read()
            if self._off and self._clients is not None:
                return
            if self._sessions is not None:
                await self._sessions.refresh()
            if self._uses is not None:
                await self._uses.write()
            await asyncio.sleep(REFRESH_SECONDS)

    def known(self, scope: AsgiScope, needed: Scope | None) -> Client | None:
        """The client, if that can be told without waiting.

        Raises:
            Problem: 403, this client may not do that.
        """
        if self._off:
            return _local(scope)
        secret = secret_of(scope)
        client = self._known.get(secret)
        if client is not None:
            return _allowed(self._used(client), needed)
        if self._sessions is not None:
            client = self._sessions.known(secret)
        if client is None and self._tokens is not None:
            client = self._tokens.known(secret)
        return None if client is None else _allowed(client, needed)

    async def client(self, scope: AsgiScope, needed: Scope | None) -> Client:
        """The client who sent this request.

        Args:
            scope: the request.
            needed: what it is to be allowed; None is nothing but to be known.

        Raises:
            Problem: 401 no or an unknown key, 403 not allowed, 503 the keys are not known yet.
        """
        known = self.known(scope, needed)
        if known is not None:
            return known
        secret = secret_of(scope)
        if not secret:
            raise Problem(401, "Send an API key: Authorization: Bearer <key>, or X-API-Key.")
        if self._sessions is not None and secret.startswith(PREFIX.encode()):
            return _allowed(await self._in_session(secret, self._sessions), needed)
        if self._tokens is not None and is_token(secret):
            return _allowed(self._tokens.verify(secret), needed)
        client = await self._look_up(secret)
        if client is None:
            raise Problem(401, "This API key is unknown or revoked.")
        client = self._used(client)
        self._known[secret] = client
        return _allowed(client, needed)

    def _used(self, client: Client) -> Client:
        """The client of a key, which is noted as used.

        Raises:
            Problem: 401, the key has expired.
        """
        if client.until is not None and client.until <= self._now():
            raise Problem(
                401, f"This API key expired on {client.until:%F %R} UTC; ask for a new one."
            )
        if self._uses is not None:
            self._uses.note(client.key_id)
        return client

    async def _in_session(self, token: bytes, sessions: Sessions) -> Client:
        try:
            client = await sessions.look_up(token)
        except (RegistryError, ConfigurationError) as error:
            _log.debug("a session is not looked up: %s", error)
            raise Problem(
                503, "Who is signed in cannot be told at the moment.", retry_after=1
            ) from error
        if client is None:
            raise Problem(401, "This session is over; sign in again (POST /sessions).")
        return client

    async def _look_up(self, secret: bytes) -> Client | None:
        digest = hashlib.sha256(secret).hexdigest()
        unknown = self._clients is None or digest not in self._clients
        # Perhaps made a moment ago; the pause keeps guessing from loading the registry.
        if unknown and self._clock() - self._read_at > REFRESH_SECONDS / 4:
            await self._read()
        if self._clients is None:
            raise Problem(503, "The API keys cannot be read at the moment.", retry_after=1)
        return self._clients.get(digest)

    async def _read(self) -> None:
        async with self._reading:
            try:
                keys = await self._trust.keys(self._registry)
            except RegistryError as error:
                _log.debug("keys are not read anew: %s", error)
                return
            except ConfigurationError as error:
                _log.error("keys are not read: %s", error)
                self._clients, self._known = None, {}
                return
            self._read_at = self._clock()
            clients = {key.digest: _client(key) for key in keys}
            if clients != self._clients:
                self._clients, self._known = clients, {}


def _client(key: ApiKey) -> Client:
    tasks, until = frozenset(key.tasks), key.expires_at
    return Client(key.name, key.scopes, tasks, key.units, key_id=key.key_id, until=until)


def _allowed(client: Client, needed: Scope | None) -> Client:
    if needed is None or needed in client.scopes or Scope.ADMIN in client.scopes:
        return client
    raise Problem(403, f"{client.told} lacks the scope {needed.value}.")


def _local(scope: AsgiScope) -> Client:
    host = scope["client"][0] if scope.get("client") else ""
    if is_loopback(host):
        return LOCAL
    raise Problem(403, "Authentication is off, so only this machine is answered.")
