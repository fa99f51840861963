"""Which sessions of people are on, as this worker knows.

A token says by itself whose it is, and nothing is stored of it. Whether the person still may come
in is asked of the registry when a token comes for the first time, and again every two seconds while
it is known: of those people alone, and not of all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from api.registry import Registry
from api.security import Client
from database.people.people import PersonRepository
from model.errors import ConfigurationError, RegistryError
from model.people.person import Person
from model.people.session import Session, SignedIn, session_in
from model.trust.key_file import KeyFile

MOST = 10_000
"""Sessions that a worker knows; the one that came first is looked up again when it comes next."""

_log = logging.getLogger(__name__)


class SessionBook:
    """The sessions that this worker has seen and that are on.

    Args:
        registry: where people are.
        file: this host's notes.
        installation: the installation's key.
        now: the clock, aware UTC.
    """

    def __init__(
        self,
        registry: Registry,
        file: KeyFile,
        installation: bytes,
        now: Callable[[], datetime],
    ) -> None:
        self._registry = registry
        self._file = file
        self._installation = installation
        self._now = now
        self._known: dict[bytes, Client] = {}

    def known(self, token: bytes) -> Client | None:
        """Who is in a session, if that can be told without waiting."""
        return self._known.get(token)

    async def look_up(self, token: bytes) -> Client | None:
        """Who is in a session; None where nobody is, or it is over.

        Raises:
            RegistryError: that cannot be told at the moment.
            ConfigurationError: this host's notes cannot be read.
        """
        session = session_in(token.decode("latin-1"), self._installation, self._now())
        if session is None:
            return None
        person = (await self._standing([session])).get(session.session_id)
        if person is None:
            return None
        client = client_of(SignedIn(session, person))
        while len(self._known) >= MOST:
            del self._known[next(iter(self._known))]
        self._known[token] = client
        return client

    async def refresh(self) -> None:
        """Asks anew who is still in which of the sessions that are known."""
        sessions = {
            token: client.signed_in.session
            for token, client in self._known.items()
            if client.signed_in is not None
        }
        if not sessions:
            return
        moment = self._now()
        on = {token: one for token, one in sessions.items() if moment < one.until}
        try:
            standing = await self._standing(on.values())
        except RegistryError as error:
            _log.debug("sessions are not asked for anew: %s", error)
            self._drop(sessions.keys() - on.keys())
            return
        except ConfigurationError as error:
            _log.error("nobody who is signed in is let in: %s", error)
            self._known = {}
            return
        for token, session in on.items():
            person = standing.get(session.session_id)
            if person is not None and token in self._known:
                self._known[token] = client_of(SignedIn(session, person))
        self._drop(
            token
            for token, session in sessions.items()
            if token not in on or session.session_id not in standing
        )

    def forget(self, session_id: str) -> None:
        """Lets nobody in with that session any more."""
        self._drop([
            token
            for token, client in self._known.items()
            if client.signed_in is not None and client.signed_in.session.session_id == session_id
        ])  # fmt: skip

    async def _standing(self, sessions: Iterable[Session]) -> Mapping[str, Person]:
        notes = await asyncio.to_thread(self._file.read)
        op = PersonRepository().standing(sessions, notes.revoked, self._installation)
        return await self._registry.run(op)

    def _drop(self, tokens: Iterable[bytes]) -> None:
        for token in tuple(tokens):
            self._known.pop(token, None)


def client_of(signed_in: SignedIn) -> Client:
    """Who somebody is that signed in, as routes see it."""
    person = signed_in.person
    return Client(
        person.name,
        person.scopes,
        frozenset(person.tasks),
        person.units,
        signed_in=signed_in,
        kind="person",
    )
