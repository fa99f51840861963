"""API keys; only the digest of a secret is stored, and only what the installation signed counts."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import datetime

from database.driver.commands import Find, Op
from database.mapping.documents import milliseconds
from database.repository import Repository
from model.access import ApiKey, KeyAdoption, Revocation
from model.errors import Conflict
from model.trust.key_seal import KeysInForce, in_force, is_genuine, sealed

SUBJECT = "api_keys"


class KeyRevocationRepository(Repository[Revocation]):
    """Which keys are revoked, apart from the keys: a key's document may be put back as it was."""

    collection = "key_revocations"
    record = Revocation
    key = "key_id"
    order = (("at", -1),)
    missing = "revocation of key {}"

    def put(self, revocation: Revocation) -> Op[None]:
        """Records a revocation in the place of whatever somebody put there.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._put(revocation)

    def all(self) -> Op[list[Revocation]]:
        """Every revocation that can be read.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found = yield Find(self.collection, {})
        return self.readable(found)


class KeyAdoptionRepository(Repository[KeyAdoption]):
    """The record that a registry's keys are signed; `find(SUBJECT)` gives it."""

    collection = "key_adoptions"
    record = KeyAdoption
    key = "subject"
    missing = "adoption of {}"

    def add(self, done: KeyAdoption) -> Op[KeyAdoption | None]:
        """Records an adoption unless there is one; gives the one that stands.

        Raises:
            RegistryError: the one that stands cannot be read.
        """
        yield from self._add(self._document(done))
        return (yield from self.find(SUBJECT))

    def put(self, done: KeyAdoption) -> Op[None]:
        """Records an adoption in the place of whatever was there.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._put(done)


class ApiKeyRepository(Repository[ApiKey]):
    """API keys by id, revoked or not, signed or not."""

    collection = "api_keys"
    unique = ([("digest", 1)],)  # no two keys of one secret
    record = ApiKey
    key = "key_id"
    order = (("created_at", -1), ("_id", 1))
    missing = "key {}"

    def add(self, key: ApiKey) -> Op[None]:
        """Stores a key, signed by the caller.

        Raises:
            Conflict: a key of that id is there already.
        """
        if not (yield from self._add(self._document(key))):
            raise Conflict(f"key {key.key_id} is there already")

    def all(self) -> Op[list[ApiKey]]:
        """Every key that can be read, revoked ones too, oldest first.

        A document that is no key is left out: it must not keep the others from being read.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found = yield Find(self.collection, {}, sort=[("created_at", 1), ("_id", 1)])
        return self.readable(found)

    def those_in_force(self, remembered: Set[str], installation: bytes) -> Op[KeysInForce]:
        """The keys that count.

        Args:
            remembered: ids of keys that this host has seen revoked.
            installation: the installation's key.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        keys = yield from self.all()
        revocations = yield from KeyRevocationRepository().all()
        return in_force(keys, revocations, remembered, installation)

    def revoke(self, key_id: str, now: datetime, installation: bytes) -> Op[ApiKey]:
        """Revokes a key; one that is revoked already keeps its moment.

        Raises:
            NotFound: no such key.
        """
        key = yield from self.get(key_id)
        at = key.revoked_at or now
        # First, and apart from the key: the key's document may be put back as it was.
        yield from KeyRevocationRepository().put(sealed(Revocation(key_id, at), installation))
        if key.revoked_at is not None:
            return key
        revoked = replace(key, revoked_at=at)
        yield from self._replace(revoked)
        return revoked

    def establish(
        self, now: datetime, installation: bytes, *, trusted: bool
    ) -> Op[KeyAdoption | None]:
        """Records that keys are signed from now on; signs keys of before if they may be trusted.

        Args:
            now: aware UTC.
            installation: the installation's key.
            trusted: whether this host served before keys were signed, and has not adopted any yet.

        Returns:
            The record, of whoever was first; None while there are unsigned keys and nobody to vouch
            for them.

        Raises:
            RegistryError: the record cannot be read.
        """
        known = yield from KeyAdoptionRepository().find(SUBJECT)
        if known is not None:
            return known
        unsigned = [key for key in (yield from self.all()) if not key.signature]
        if unsigned and not trusted:
            return None
        done = yield from self._sign(unsigned, now, installation)
        return (yield from KeyAdoptionRepository().add(done))

    def adopt(self, keys: Sequence[ApiKey], now: datetime, installation: bytes) -> Op[KeyAdoption]:
        """Signs keys anew, whoever signed them, and records it in the place of what was there.

        After a restore with another signing key, or for keys of an earlier release that nobody
        vouched for. Whoever calls this trusts the registry.

        Raises:
            NotFound: a revoked one of the keys is not in the registry.
        """
        done = yield from self._sign(keys, now, installation)
        yield from KeyAdoptionRepository().put(done)
        return done

    def _sign(self, keys: Sequence[ApiKey], now: datetime, installation: bytes) -> Op[KeyAdoption]:
        for key in keys:
            yield from self._replace(sealed(key, installation))
            if key.revoked_at is not None:
                yield from self.revoke(key.key_id, now, installation)
        at = milliseconds(now)
        return sealed(KeyAdoption(SUBJECT, at, tuple(key.key_id for key in keys)), installation)


def is_ours(found: KeyAdoption | None, installation: bytes) -> bool:
    """Whether keys that this installation signs count in that registry."""
    return found is None or is_genuine(found, installation)
