"""Signing in and out, invitations and passwords, for the routes."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import ParamSpec, TypeVar

from api.http.problems import Problem
from api.people.sessions import SessionBook
from api.registry import Registry
from database.people import invitations, signing_in
from database.people.spent import SpentTokenRepository
from database.trail.trail import TrailRepository
from model.audit.entry import Entry
from model.people.password import Passwords, check_password
from model.people.person import Person
from model.people.session import SignedIn
from model.trust.key_file import KeyFile
from model.trust.tombstone import TombstoneKey

P = ParamSpec("P")
R = TypeVar("R")

MOST_WAITING = 16
"""Passwords that wait to be compared in this worker; each comparison takes 64 MiB."""

WRONG = "Name or password is wrong."


@dataclass(frozen=True, slots=True)
class PeopleDesk:
    """What the routes about people work with; one for all tasks of a worker.

    Attributes:
        root: the root registry.
        book: the sessions.
        notes: what this host remembers of keys and editions.
        installation: the installation's key.
        data_key: seals the audit trail.
        now: the clock, aware UTC.
    """

    root: Registry
    book: SessionBook
    notes: KeyFile
    installation: bytes = field(repr=False)
    data_key: TombstoneKey
    now: Callable[[], datetime]
    passwords: Passwords = field(default_factory=Passwords)
    _comparing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: set[object] = field(default_factory=set)

    async def sign_in(self, name: str, password: str, address: str) -> SignedIn:
        """Begins a session.

        Raises:
            Problem: 401 wrong, 429 too many guesses.
            RegistryError: the registry refuses, or does not answer.
        """
        made = await self._attempt(name, address)
        fits = await self._compare(self.passwords.fits, password, made.kept)
        session = await self.root.run(
            signing_in.settle(
                made,
                fits=fits,
                session_id=uuid.uuid4().hex,
                now=self.now(),
                how="password, API",
                data_key=self.data_key,
            )
        )
        if session is None or made.person is None:
            raise Problem(401, WRONG)
        return SignedIn(session, made.person)

    async def sign_out(self, signed_in: SignedIn) -> None:
        """Ends a session, here at once and on every worker within two seconds.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        session, now = signed_in.session, self.now()
        await self.root.run(SpentTokenRepository().spend(session.session_id, session.until, now))
        self.book.forget(session.session_id)
        await self._tell(signing_in.session_entry(signed_in.person.name, signing_in.SIGN_OUT, now))

    async def accept(self, code: str, password: object) -> Person:
        """Sets the password of somebody who was invited.

        Raises:
            NotFound: the code counts for nobody.
            InvalidRecord: the password may not be chosen.
        """
        installation = self.installation
        found = invitations.of_code(
            code, now=self.now(), remembered=await self._remembered(), installation=installation
        )
        person = await self.root.run(found)
        chosen = check_password(password, person.name)
        hashed = await self._compare(self.passwords.hashed, chosen)
        op = invitations.accept(
            person, hashed, now=self.now(), installation=installation, data_key=self.data_key
        )
        done = await self.root.run(op)
        await asyncio.to_thread(self.notes.add, revoked={person.edition})
        return done

    async def change_password(
        self, person: Person, former: str, password: object, address: str
    ) -> None:
        """Gives a person another password; every session of the person is over.

        Raises:
            Problem: 401 the former one is wrong, 429 too many guesses.
            InvalidRecord: the new one may not be chosen.
            Conflict: the person was changed in the meantime.
        """
        chosen = check_password(password, person.name)
        made = await self._attempt(person.name, address)
        if not await self._compare(self.passwords.fits, former, made.kept) or made.person is None:
            await self.root.run(
                signing_in.refuse(made, self.now(), signing_in.FORMER, self.data_key)
            )
            raise Problem.of_field("former", "is not the present password", status=401)
        hashed = await self._compare(self.passwords.hashed, chosen)
        await self.root.run(signing_in.forgive(made, self.now()))
        await self.root.run(
            invitations.change_password(
                made.person,
                hashed,
                now=self.now(),
                installation=self.installation,
                data_key=self.data_key,
            )
        )
        await asyncio.to_thread(self.notes.add, revoked={made.person.edition})
        await self.book.refresh()

    async def _attempt(self, name: str, address: str) -> signing_in.Attempt:
        made = await self.root.run(
            signing_in.attempt(
                name,
                address,
                now=self.now(),
                remembered=await self._remembered(),
                installation=self.installation,
            )
        )
        if made.wait:
            raise Problem(
                429,
                "Too many wrong passwords; wait before the next one.",
                retry_after=ceil(made.wait.total_seconds()),
            )
        return made

    async def _compare(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs a slow comparison in a thread, one at a time.

        Raises:
            Problem: 429, too many wait already.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise Problem(429, "Too many sign in at this moment.", retry_after=1)
        ticket = object()
        self._waiting.add(ticket)
        try:
            async with self._comparing:
                return await asyncio.to_thread(work, *args, **kwargs)
        finally:
            self._waiting.discard(ticket)

    async def _remembered(self) -> Set[str]:
        return (await asyncio.to_thread(self.notes.read)).revoked

    async def _tell(self, entry: Entry) -> None:
        op = TrailRepository().tell([entry], self.data_key, now=self.now())
        await self.root.run(op)
