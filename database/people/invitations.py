"""Invitations: an administrator names a person, who sets the password with a code, once."""

from __future__ import annotations

import uuid
from collections.abc import Set
from dataclasses import replace
from datetime import datetime, timedelta

from database.driver.commands import Op
from database.mapping.documents import milliseconds
from database.people.people import PersonRepository, revoked_of
from database.trail.trail import TrailRepository
from model.audit.entry import ActorKind, Entry
from model.errors import Conflict, NotFound
from model.people.person import Person
from model.trust.key_seal import digest_of
from model.trust.tombstone import TombstoneKey

NOT_VALID = (
    "this invitation is not valid: it was used, it is over, or another one took its place; ask an "
    "administrator for a new one (python -m api.people reset NAME)"
)
ACCEPTED = "invitation accepted"
CHANGED = "password changed"


def code_of(person_id: str, secret: str) -> str:
    """The code that a person is given: who is meant, and what only that person knows."""
    return f"{person_id}.{secret}"


def invited(person: Person, code: str, now: datetime, lasts: timedelta) -> Person:
    """The person without a password and with an invitation, in another edition.

    Args:
        person: as it was.
        code: `code_of` it; its digest alone is kept.
        now: aware UTC.
        lasts: how long the code counts.
    """
    return replace(
        person,
        edition=uuid.uuid4().hex,
        password_hash="",
        invitation=digest_of(code),
        invited_until=milliseconds(now + lasts),
        disabled_at=None,
    )


def of_code(code: str, *, now: datetime, remembered: Set[str], installation: bytes) -> Op[Person]:
    """Who was invited with a code that still counts.

    Args:
        code: as it was given.
        now: aware UTC.
        remembered: ids of keys and editions that this host has seen revoked.
        installation: the installation's key.

    Raises:
        NotFound: nobody, or it counts no longer; it is not told which.
    """
    person = yield from PersonRepository().find(code.partition(".")[0])
    if person is None or not person.invitation or person.invitation != digest_of(code):
        raise NotFound(NOT_VALID)
    revoked = yield from revoked_of(person, remembered, installation)
    over = person.invited_until is None or person.invited_until <= now
    if over or not person.counts(revoked, installation):
        raise NotFound(NOT_VALID)
    return person


def accept(
    person: Person,
    password_hash: str,
    *,
    now: datetime,
    installation: bytes,
    data_key: TombstoneKey,
) -> Op[Person]:
    """Uses an invitation up and sets the password.

    The invited edition is revoked as any former one is: its document, with the code, may be put
    back and lets nobody set another password.

    Args:
        person: `of_code`.
        password_hash: of what the person chose.
        now: aware UTC.
        installation: the installation's key.
        data_key: seals the audit trail.

    Raises:
        NotFound: somebody else was first, or the person was changed in the meantime.
    """
    if person.edition in (yield from revoked_of(person, frozenset(), installation)):
        raise NotFound(NOT_VALID)
    edition = uuid.uuid4().hex
    later = replace(
        person, edition=edition, password_hash=password_hash, invitation="", invited_until=None
    )
    try:
        done = yield from PersonRepository().follow(person, later, now, installation)
    except Conflict as error:
        raise NotFound(NOT_VALID) from error
    yield from TrailRepository().tell([_entry(person, ACCEPTED, now)], data_key, now=now)
    return done


def change_password(
    person: Person,
    password_hash: str,
    *,
    now: datetime,
    installation: bytes,
    data_key: TombstoneKey,
) -> Op[Person]:
    """Gives a person another password; every session of before is over.

    Args:
        person: as it was read.
        password_hash: of the new one.
        now: aware UTC.
        installation: the installation's key.
        data_key: seals the audit trail.

    Raises:
        Conflict: the person was changed in the meantime.
    """
    later = replace(person, edition=uuid.uuid4().hex, password_hash=password_hash)
    done = yield from PersonRepository().follow(person, later, now, installation)
    yield from TrailRepository().tell([_entry(person, CHANGED, now)], data_key, now=now)
    return done


def _entry(person: Person, action: str, now: datetime) -> Entry:
    return Entry(now, "", person.name, ActorKind.PERSON, action, person.name)
