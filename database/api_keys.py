"""API keys; only the digest of a secret is stored, and only what the installation signed counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from database.driver.commands import Find, InsertMany, Op, Replace, ReplaceMany
from database.mapping.documents import milliseconds
from database.repository import Repository
from model.access import ApiKey, KeyAdoption, KeyUse, Revocation
from model.errors import Conflict
from model.trust.key_file import KeyNotes
from model.trust.key_seal import KeysInForce, in_force, is_genuine, sealed
from model.trust.key_watch import SINCE

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


class KeyUseRepository(Repository[KeyUse]):
    """When each key was used last; apart from the keys, whose seal a change would break."""

    collection = "key_uses"
    record = KeyUse
    key = "key_id"
    order = (("at", -1), ("_id", 1))
    missing = "use of key {}"

    def saw(self, key_ids: Iterable[str], now: datetime) -> Op[None]:
        """Keeps that these keys were used; somebody else's note of a later moment stands.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        now = milliseconds(now)
        known = yield from self.get_many({*key_ids, SINCE})
        used = [KeyUse(key_id, now) for key_id in sorted({*key_ids})]
        fresh = [one for one in (*used, KeyUse(SINCE, now)) if one.key_id not in known]
        yield InsertMany(self.collection, [self._document(one) for one in fresh])
        later = [one for one in used if one.key_id in known and known[one.key_id].at < now]
        yield ReplaceMany(
            self.collection,
            [
                Replace({"_id": one.key_id, "at": known[one.key_id].at}, self._document(one))
                for one in later
            ],
        )

    def all(self) -> Op[dict[str, datetime]]:
        """Key id to its last use, and `SINCE` to when the first use was kept.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found = self.readable((yield from self.documents()))
        return {one.key_id: one.at for one in found}


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

    def those_in_force(
        self, notes: KeyNotes, installation: bytes, now: datetime
    ) -> Op[KeysInForce]:
        """The keys that count.

        Args:
            notes: what this host remembers.
            installation: the installation's key.
            now: aware UTC.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        keys = yield from self.all()
        revocations = yield from KeyRevocationRepository().all()
        return in_force(keys, revocations, notes, installation, now)

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

    def replace_by(
        self, former: ApiKey, later: ApiKey, until: datetime, installation: bytes
    ) -> Op[None]:
        """Stores a key in the place of another, which counts until a moment and then ends.

        Args:
            former: a key that counts.
            later: signed by the caller.
            until: aware UTC.
            installation: the installation's key.

        Raises:
            Conflict: a key of the later one's id is there already.
        """
        yield from self.add(later)
        # Not a change of the former key: its document may be put back as it was.
        end = Revocation(former.key_id, milliseconds(until))
        yield from KeyRevocationRepository().put(sealed(end, installation))

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
