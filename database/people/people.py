"""People; only what the installation signed counts, as with API keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import datetime

from database.api_keys import KeyRevocationRepository
from database.driver.commands import Op, Replace, ReplaceMany
from database.mapping.documents import milliseconds
from database.people.spent import SpentTokenRepository
from database.repository import Repository
from model.access import Revocation
from model.errors import Conflict, NotFound
from model.people.person import Person
from model.people.session import Session
from model.trust.key_seal import is_genuine, sealed


class PersonRepository(Repository[Person]):
    """People by id, disabled or not, signed or not."""

    collection = "people"
    unique = ([("name", 1)],)  # named; no two people of one name
    indexes = ([("email", 1)],)  # of_email
    record = Person
    key = "person_id"
    order = (("created_at", -1), ("_id", 1))
    missing = "person {}"

    def add(self, person: Person) -> Op[None]:
        """Stores a person, signed by the caller.

        Raises:
            Conflict: there is one of that id or name.
        """
        if not (yield from self._add(self._document(person))):
            raise Conflict(f"there is a person named {person.name} already")

    def named(self, name: str) -> Op[Person | None]:
        """The person of a folded name, or None.

        Raises:
            RegistryError: the document cannot be read as one.
        """
        found = yield from self._matching({"name": name}, limit=1)
        return found[0] if found else None

    def of_name(self, name: str) -> Op[Person]:
        """The person of a folded name.

        Raises:
            NotFound: there is none.
        """
        found = yield from self.named(name)
        if found is None:
            raise NotFound(f"there is nobody named {name}")
        return found

    def of_email(self, email: str) -> Op[list[Person]]:
        """Everybody with that folded address.

        Raises:
            RegistryError: a document cannot be read.
        """
        return (yield from self._matching({"email": email}))

    def all(self) -> Op[list[Person]]:
        """Everybody who can be read, by name.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return sorted(self.readable((yield from self.documents())), key=lambda one: one.name)

    def follow(
        self, former: Person, later: Person, now: datetime, installation: bytes
    ) -> Op[Person]:
        """Puts another edition of a person in the place of the former one, and signs it.

        Args:
            former: as it was read.
            later: with another `edition`.
            now: aware UTC.
            installation: the installation's key.

        Raises:
            Conflict: somebody else has changed the person in the meantime.
        """
        # First, as with keys: the former document may be put back as it was.
        revoked = sealed(Revocation(former.edition, milliseconds(now)), installation)
        yield from KeyRevocationRepository().put(revoked)
        signed = sealed(later, installation)
        was = {"_id": former.person_id, "edition": former.edition}
        done = yield ReplaceMany(self.collection, [Replace(was, self._document(signed))])
        if not done:
            raise Conflict(f"{former.name} was changed by somebody else; do it again")
        return signed

    def sign(self, person: Person, installation: bytes) -> Op[None]:
        """Signs a person as it is, whoever signed it; whoever calls this trusts the registry.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._replace(sealed(person, installation))

    def standing(
        self, sessions: Iterable[Session], remembered: Set[str], installation: bytes
    ) -> Op[Mapping[str, Person]]:
        """Who is in which session, by its id; sessions that are over are left out.

        Args:
            sessions: as tokens say.
            remembered: ids of keys and editions that this host has seen revoked.
            installation: the installation's key.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        asked = list(sessions)
        stored = yield from self.stored_many(one.person_id for one in asked)
        people = {one.person_id: one for one in self.readable(stored.values())}
        over = yield from SpentTokenRepository().among(one.session_id for one in asked)
        revoked = yield from _revoked({one.edition for one in asked}, remembered, installation)
        return {
            one.session_id: person
            for one in asked
            if (person := people.get(one.person_id)) is not None
            and person.edition == one.edition
            and one.session_id not in over
            and person.counts(revoked, installation)
        }


def _revoked(editions: Set[str], remembered: Set[str], installation: bytes) -> Op[Set[str]]:
    """Those editions that are revoked, and what the host remembers."""
    repository = KeyRevocationRepository()
    stored = yield from repository.stored_many(editions)
    told = {
        one.key_id for one in repository.readable(stored.values()) if is_genuine(one, installation)
    }
    return told | remembered


def revoked_of(person: Person, remembered: Set[str], installation: bytes) -> Op[Set[str]]:
    """What `Person.counts` has to know to judge this person.

    Args:
        person: as it was read.
        remembered: ids of keys and editions that this host has seen revoked.
        installation: the installation's key.
    """
    return (yield from _revoked({person.edition}, remembered, installation))
