"""Signing in with name and password: before the password is looked at, and after.

Between the two lies the slow comparison, which is no business of the registry's; so the API does it
in a thread and the dashboard as it goes.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from database.driver.commands import Op
from database.people.guesses import GuessRepository
from database.people.people import PersonRepository, revoked_of
from database.trail.trail import TrailRepository
from model.audit.entry import ActorKind, Entry
from model.people.guessing import FREE_ADDRESS, FREE_NAME, network_of
from model.people.person import Person, folded_name
from model.people.session import Session, begun
from model.trust.signature import seal
from model.trust.tombstone import TombstoneKey

SIGN_IN = "sign-in"
REFUSED = "sign-in refused"
SIGN_OUT = "sign-out"
FORMER = "former password"
"""How somebody tried who is signed in and wants another password."""

NOBODY = "nobody known"
"""The actor of a guess at a name that there is not: what was typed may be a password."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody says who it is.

    Attributes:
        wait: how long the guess is not looked at; zero: now.
        person: of that name; None where there is none who may sign in.
        known_as: what the audit log says.
        name, address: the guesses that were counted.
        home: those at this name from this address alone, once it is known of it.
        source: the address as it is.
    """

    wait: timedelta
    person: Person | None
    known_as: str
    name: str
    address: str
    home: str
    source: str = ""

    @property
    def kept(self) -> str:
        """What the password is compared with; "" is nothing."""
        return self.person.password_hash if self.person else ""


def attempt(
    typed: str, address: str, *, now: datetime, remembered: Set[str], installation: bytes
) -> Op[Attempt]:
    """Counts a guess and finds who is meant.

    Args:
        typed: the name.
        address: where the caller is.
        now: aware UTC.
        remembered: ids of keys and editions that this host has seen revoked.
        installation: the installation's key.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    name = folded_name(typed)
    guesses = GuessRepository()
    source, address = address, network_of(address)
    by_address = seal("guess address", {"address": address}, installation)
    by_name = seal("guess name", {"name": name}, installation)
    home = seal("guess home", {"name": name, "address": address}, installation)
    wait = yield from guesses.count_one(by_address, FREE_ADDRESS, now)
    if not wait:
        if (yield from guesses.find(home)) is not None:
            by_name = home
        wait = yield from guesses.count_one(by_name, FREE_NAME, now)
    if wait:
        return Attempt(wait, None, NOBODY, by_name, by_address, home, source)
    found = yield from PersonRepository().named(name)
    known_as = found.name if found else NOBODY
    if found is not None:
        revoked = yield from revoked_of(found, remembered, installation)
        found = found if found.counts(revoked, installation) else None
    return Attempt(wait, found, known_as, by_name, by_address, home, source)


def settle(
    made: Attempt,
    *,
    fits: bool,
    session_id: str,
    now: datetime,
    how: str,
    data_key: TombstoneKey,
) -> Op[Session | None]:
    """Ends an attempt: a session, or None; both are in the audit log.

    Args:
        made: the attempt.
        fits: whether the password is the person's.
        session_id: of the session that would begin.
        now: aware UTC.
        how: by which way, for the audit trail.
        data_key: seals the trail.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    if made.person is None or not fits:
        yield from refuse(made, now, how, data_key)
        return None
    yield from forgive(made, now)
    return (
        yield from begin(
            made.person,
            session_id=session_id,
            now=now,
            how=how,
            data_key=data_key,
            source=made.source,
        )
    )


def refuse(made: Attempt, now: datetime, how: str, data_key: TombstoneKey) -> Op[None]:
    """Keeps in the audit trail that the password was wrong.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    refused = session_entry(made.known_as, REFUSED, now, how, made.source)
    yield from TrailRepository().tell([refused], data_key, now=now)


def forgive(made: Attempt, now: datetime) -> Op[None]:
    """The guess was none: the password was right, and the address is known of this name now.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    guesses = GuessRepository()
    if made.name != made.home:
        yield from guesses.forget(made.name)
    yield from guesses.at_home(made.home, now)
    yield from guesses.take_back(made.address)


def begin(
    person: Person,
    *,
    session_id: str,
    now: datetime,
    how: str,
    data_key: TombstoneKey,
    source: str = "",
) -> Op[Session]:
    """A session of a person who was recognised.

    Args:
        person: who.
        session_id: of the session.
        now: aware UTC.
        how: by which way, for the audit trail.
        data_key: seals the trail.
        source: from where, as far as that is known.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    entry = session_entry(person.name, SIGN_IN, now, how, source)
    yield from TrailRepository().tell([entry], data_key, now=now)
    return begun(person, session_id, now)


def session_entry(actor: str, action: str, now: datetime, how: str = "", source: str = "") -> Entry:
    """What the trail is told of a person's session.

    Args:
        actor: the person's name, or `NOBODY`.
        action: `SIGN_IN`, `REFUSED` or `SIGN_OUT`.
        now: aware UTC.
        how: by which way.
        source: from where.
    """
    return Entry(now, "", actor, ActorKind.PERSON, action, "session", how, source)
