"""Recognises people and API keys, in the registry and not by asking the API.

Whoever listens on the API's port while it is down must be able neither to open the dashboard nor to
read the passwords that are typed into it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dashboard.entry.admission import DoorState, Visitor, of_key, of_person
from database.api_keys import ApiKeyRepository
from database.driver.client import SyncRegistry
from database.people import invitations, signing_in
from database.people.people import PersonRepository, revoked_of
from database.people.spent import SpentTokenRepository
from database.trail.trail import TrailRepository
from model.audit.entry import ActorKind, Entry, pseudonym
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
        data_key: seals the audit trail, and hides in it which student somebody looked at.
        now: aware UTC.
    """

    registry: Callable[[], SyncRegistry]
    notes: KeyFile
    installation: bytes = field(repr=False)
    data_key: TombstoneKey
    now: datetime
    passwords: Passwords = field(default_factory=Passwords)

    def recognise(self, sent: str) -> Visitor | DoorState:
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
        return next((of_key(key) for key in keys if key.digest == digest), DoorState.UNKNOWN)

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
            signing_in.settle(
                made,
                fits=fits,
                session_id=session_id,
                now=self.now,
                how=HOW,
                data_key=self.data_key,
            )
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
            self._tell(
                signing_in.session_entry(
                    signing_in.NOBODY, signing_in.REFUSED, self.now, HOW_OPENID
                )
            )
            return None
        session_id = uuid.uuid4().hex
        session = registry.run(
            signing_in.begin(
                people[0],
                session_id=session_id,
                now=self.now,
                how=HOW_OPENID,
                data_key=self.data_key,
            )
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
        self._tell(signing_in.session_entry(name, signing_in.SIGN_OUT, self.now))

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
        op = invitations.accept(
            person,
            hashed,
            now=self.now,
            installation=self.installation,
            data_key=self.data_key,
        )
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
            registry.run(signing_in.refuse(made, self.now, signing_in.FORMER, self.data_key))
            return NOBODY
        hashed = self.passwords.hashed(chosen)
        registry.run(signing_in.forgive(made, self.now))
        op = invitations.change_password(
            made.person,
            hashed,
            now=self.now,
            installation=self.installation,
            data_key=self.data_key,
        )
        later = registry.run(op)
        self.notes.add(revoked={made.person.edition})
        return token_of(begun(later, uuid.uuid4().hex, self.now), self.installation)

    def saw(self, visitor: Visitor, task: str, what: Looked, student_id: str = "") -> None:
        """Tells the audit trail that somebody looked at something of students.

        Args:
            visitor: who.
            task: of whose students.
            what: was looked at.
            student_id: the key of the student; "" is a list.

        Raises:
            RegistryError: it does not answer; nothing may be shown then.
        """
        if not visitor.name:
            return  # With authentication off nobody says who it is.
        plain = "audit trail" if what is Looked.TRAIL else "students"
        subject = pseudonym(student_id, self.data_key) if student_id else plain
        kind = ActorKind.PERSON if visitor.person else ActorKind.KEY
        self._tell(Entry(self.now, task, visitor.name, kind, what, subject, source="dashboard"))

    def _attempt(self, name: str, address: str) -> signing_in.Attempt:
        op = signing_in.attempt(
            name,
            address,
            now=self.now,
            remembered=self.notes.read().revoked,
            installation=self.installation,
        )
        return self.registry().run(op)

    def _in_session(self, token: str) -> Visitor | DoorState:
        session = session_in(token, self.installation, self.now)
        person = None if session is None else self._person_in(session)
        return DoorState.SIGNED_OUT if person is None else of_person(person)

    def _person_in(self, session: Session) -> Person | None:
        remembered = self.notes.read().revoked
        op = PersonRepository().standing([session], remembered, self.installation)
        return self.registry().run(op).get(session.session_id)

    def _tell(self, entry: Entry) -> None:
        self.registry().run(TrailRepository().tell([entry], self.data_key, now=self.now))
