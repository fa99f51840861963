"""Recognises people and API keys, in the registry and not by asking the API.

Whoever listens on the API's port while it is down must be able neither to open the dashboard nor to
read the passwords that are typed into it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dashboard.entry.admission import Entry, Visitor, of_key, of_person
from database.api_keys import ApiKeyRepository
from database.audit import AuditRepository
from database.driver.client import SyncRegistry
from database.people import invitations, signing_in
from database.people.people import PersonRepository, revoked_of
from database.people.spent import SpentTokenRepository
from model.access import AuditEvent
from model.people.looked import Looked
from model.people.password import Passwords, check_password
from model.people.person import Person
from model.people.session import PREFIX, Session, begun, session_in, token_of
from model.trust.key_file import KeyFile
from model.trust.key_seal import digest_of
from model.trust.tombstone import TombstoneKey

HOW = "password, dashboard"
HOW_OPENID = "OpenID Connect"
NOBODY = timedelta(0)


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """What recognising somebody takes.

    Attributes:
        registry: opens the root registry.
        notes: what this host remembers of keys and editions.
        installation: the installation's key.
        tombstones: hides which student somebody looked at.
        now: aware UTC.
    """

    registry: Callable[[], SyncRegistry]
    notes: KeyFile
    installation: bytes = field(repr=False)
    tombstones: TombstoneKey
    now: datetime
    passwords: Passwords = field(default_factory=Passwords)

    def recognise(self, sent: str) -> Visitor | Entry:
        """Whose token or key that is, or why nobody's.

        Raises:
            RegistryError: it does not answer.
            ConfigurationError: this host's notes cannot be read.
        """
        if sent.startswith(PREFIX):
            return self._in_session(sent)
        digest = digest_of(sent.strip())
        op = ApiKeyRepository().those_in_force(self.notes.read(), self.installation, self.now)
        keys = self.registry().run(op).keys
        return next((of_key(key) for key in keys if key.digest == digest), Entry.UNKNOWN)

    def sign_in(self, name: str, password: str, address: str) -> str | timedelta:
        """A session's token; or how long to wait, zero where name or password is wrong.

        Raises:
            RegistryError: it does not answer.
        """
        registry = self.registry()
        made = self._attempt(name, address)
        if made.wait:
            return made.wait
        fits = self.passwords.fits(password, made.kept)
        session_id = uuid.uuid4().hex
        session = registry.run(
            signing_in.settle(made, fits=fits, session_id=session_id, now=self.now, how=HOW)
        )
        return NOBODY if session is None else token_of(session, self.installation)

    def sign_in_address(self, email: str) -> str | None:
        """A session's token of the one person of an address that an organisation vouches for.

        Raises:
            RegistryError: it does not answer.
        """
        registry, remembered = self.registry(), self.notes.read().revoked
        people = [
            one
            for one in registry.run(PersonRepository().of_email(email))
            if one.counts(
                registry.run(revoked_of(one, remembered, self.installation)), self.installation
            )
        ]
        if len(people) != 1:
            self._record(signing_in.NOBODY, signing_in.REFUSED, "session", HOW_OPENID)
            return None
        session_id = uuid.uuid4().hex
        session = registry.run(
            signing_in.begin(people[0], session_id=session_id, now=self.now, how=HOW_OPENID)
        )
        return token_of(session, self.installation)

    def sign_out(self, token: str) -> None:
        """Ends a session.

        Raises:
            RegistryError: it does not answer.
        """
        session = session_in(token, self.installation, self.now)
        if session is None:
            return
        spend = SpentTokenRepository().spend(session.session_id, session.until, self.now)
        self.registry().run(spend)
        person = self.registry().run(PersonRepository().find(session.person_id))
        name = person.name if person else signing_in.NOBODY
        self._record(name, signing_in.SIGN_OUT, "session")

    def invited(self, code: str) -> Person:
        """Who may set a password with that code.

        Raises:
            NotFound: nobody.
        """
        revoked = self.notes.read().revoked
        op = invitations.of_code(
            code, now=self.now, remembered=revoked, installation=self.installation
        )
        return self.registry().run(op)

    def accept(self, code: str, password: str) -> Person:
        """Sets the password of whoever was invited.

        Raises:
            NotFound: the code counts for nobody.
            InvalidRecord: the password may not be chosen.
        """
        person = self.invited(code)
        hashed = self.passwords.hashed(check_password(password, person.name))
        op = invitations.accept(person, hashed, now=self.now, installation=self.installation)
        done = self.registry().run(op)
        self.notes.add(revoked={person.edition})
        return done

    def change_password(
        self, token: str, former: str, password: str, address: str
    ) -> str | timedelta:
        """A new session's token, the others are over; or how long to wait, zero where wrong.

        Args:
            token: of the session whose person it is.
            former: the present password.
            password: the new one.
            address: where the visitor is.

        Raises:
            InvalidRecord: the new one may not be chosen.
            Conflict: the person was changed in the meantime.
        """
        session = session_in(token, self.installation, self.now)
        person = None if session is None else self._person_in(session)
        if person is None:
            return NOBODY
        chosen, made = check_password(password, person.name), self._attempt(person.name, address)
        if made.wait:
            return made.wait
        registry = self.registry()
        if made.person is None or not self.passwords.fits(former, made.kept):
            registry.run(signing_in.refuse(made, self.now, signing_in.FORMER))
            return NOBODY
        hashed = self.passwords.hashed(chosen)
        registry.run(signing_in.forgive(made, self.now))
        op = invitations.change_password(
            made.person, hashed, now=self.now, installation=self.installation
        )
        later = registry.run(op)
        self.notes.add(revoked={made.person.edition})
        return token_of(begun(later, uuid.uuid4().hex, self.now), self.installation)

    def saw(self, visitor: Visitor, what: Looked, student_id: str = "") -> None:
        """Keeps that a person looked at something of students; of an API key nothing is kept.

        Args:
            visitor: who.
            what: was looked at.
            student_id: the key of the student; "" is a list.

        Raises:
            RegistryError: it does not answer; nothing may be shown then.
        """
        if visitor.person:
            subject = self.tombstones.of(student_id) if student_id else "students"
            self._record(visitor.name, what, subject)

    def _attempt(self, name: str, address: str) -> signing_in.Attempt:
        op = signing_in.attempt(
            name,
            address,
            now=self.now,
            remembered=self.notes.read().revoked,
            installation=self.installation,
        )
        return self.registry().run(op)

    def _in_session(self, token: str) -> Visitor | Entry:
        session = session_in(token, self.installation, self.now)
        person = None if session is None else self._person_in(session)
        return Entry.SIGNED_OUT if person is None else of_person(person)

    def _person_in(self, session: Session) -> Person | None:
        remembered = self.notes.read().revoked
        op = PersonRepository().standing([session], remembered, self.installation)
        return self.registry().run(op).get(session.session_id)

    def _record(self, actor: str, action: str, subject: str, detail: str = "") -> None:
        event = AuditEvent(uuid.uuid4().hex, self.now, actor, action, subject, detail)
        self.registry().run(AuditRepository().add(event))
