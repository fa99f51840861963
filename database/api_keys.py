"""API keys; only the digest of a secret is stored, and only what the installation signed counts."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import datetime

from database.driver.commands import Document, Find, InsertMany, Op, Replace, ReplaceMany
from database.mapping.documents import from_document, milliseconds, to_document
from model.access import ApiKey, KeyAdoption, Revocation
from model.errors import Conflict, NotFound, RegistryError
from model.trust.key_seal import KeysInForce, in_force, is_genuine, sealed

COLLECTION = "api_keys"
REVOCATIONS = "key_revocations"
ADOPTIONS = "key_adoptions"
SUBJECT = "api_keys"
_KEY = "key_id"


def add(key: ApiKey) -> Op[None]:
    """Stores a key, signed by the caller.

    Raises:
        Conflict: a key of that id is there already.
    """
    known = yield InsertMany(COLLECTION, [to_document(key, key=_KEY)])
    if known:
        raise Conflict(f"key {key.key_id} is there already")


def get(key_id: str) -> Op[ApiKey]:
    """The key of that id, revoked or not, signed or not.

    Raises:
        NotFound: no such key.
    """
    found = yield Find(COLLECTION, {"_id": key_id})
    if not found:
        raise NotFound(f"key {key_id}")
    return from_document(ApiKey, found[0], key=_KEY)


def by_digest(digest: str) -> Op[ApiKey | None]:
    """The key whose secret has that SHA-256, revoked or not; None if there is none."""
    found = yield Find(COLLECTION, {"digest": digest}, limit=1)
    return from_document(ApiKey, found[0], key=_KEY) if found else None


def all() -> Op[list[ApiKey]]:
    """Every key that can be read, revoked ones too, oldest first.

    A document that is no key is left out: it must not keep the others from being read.
    """
    found = yield Find(COLLECTION, {}, sort=[("created_at", 1), ("_id", 1)])
    keys = []
    for document in found:
        try:
            keys.append(from_document(ApiKey, document, key=_KEY))
        except RegistryError:
            continue
    return keys


def those_in_force(remembered: Set[str], installation: bytes) -> Op[KeysInForce]:
    """The keys that count.

    Args:
        remembered: ids of keys that this host has seen revoked.
        installation: the installation's key.
    """
    keys = yield from all()
    revocations = yield from _revocations()
    return in_force(keys, revocations, remembered, installation)


def revoke(key_id: str, now: datetime, installation: bytes) -> Op[ApiKey]:
    """Revokes a key; one that is revoked already keeps its moment.

    Raises:
        NotFound: no such key.
    """
    key = yield from get(key_id)
    at = key.revoked_at or now
    # First, and apart from the key: the key's document may be put back as it was.
    revocation = sealed(Revocation(key_id, at), installation)
    yield from _put(REVOCATIONS, to_document(revocation, key=_KEY))
    if key.revoked_at is not None:
        return key
    revoked = replace(key, revoked_at=at)
    yield ReplaceMany(COLLECTION, [Replace({"_id": key_id}, to_document(revoked, key=_KEY))])
    return revoked


def adoption() -> Op[KeyAdoption | None]:
    """The record that this registry's keys are signed, None before the first."""
    found = yield Find(ADOPTIONS, {"_id": SUBJECT})
    return from_document(KeyAdoption, found[0], key="subject") if found else None


def establish(now: datetime, installation: bytes, *, trusted: bool) -> Op[KeyAdoption | None]:
    """Records that keys are signed from now on; keys of before are signed if they may be trusted.

    Args:
        now: aware UTC.
        installation: the installation's key.
        trusted: whether this host served before keys were signed, and has not adopted any yet.

    Returns:
        The record, of whoever was first; None while there are unsigned keys and nobody to vouch
        for them.
    """
    known = yield from adoption()
    if known is not None:
        return known
    unsigned = [key for key in (yield from all()) if not key.signature]
    if unsigned and not trusted:
        return None
    done = yield from _sign(unsigned, now, installation)
    yield InsertMany(ADOPTIONS, [to_document(done, key="subject")])
    return (yield from adoption())


def adopt(keys: Sequence[ApiKey], now: datetime, installation: bytes) -> Op[KeyAdoption]:
    """Signs keys anew, whoever signed them before, and records it in the place of what was there.

    After a restore with another signing key, or for keys of an earlier release that nobody vouched
    for. Whoever calls this trusts the registry.
    """
    done = yield from _sign(keys, now, installation)
    yield from _put(ADOPTIONS, to_document(done, key="subject"))
    return done


def _sign(keys: Sequence[ApiKey], now: datetime, installation: bytes) -> Op[KeyAdoption]:
    for key in keys:
        own = sealed(key, installation)
        yield ReplaceMany(COLLECTION, [Replace({"_id": key.key_id}, to_document(own, key=_KEY))])
        if key.revoked_at is not None:
            yield from revoke(key.key_id, now, installation)
    at = milliseconds(now)
    return sealed(KeyAdoption(SUBJECT, at, tuple(key.key_id for key in keys)), installation)


def is_ours(found: KeyAdoption | None, installation: bytes) -> bool:
    """Whether keys that this installation signs count in that registry."""
    return found is None or is_genuine(found, installation)


def _put(collection: str, document: Document) -> Op[None]:
    """Stores a document in the place of whatever somebody put there."""
    known = yield InsertMany(collection, [document])
    if known:
        yield ReplaceMany(collection, [Replace({"_id": document["_id"]}, document)])


def _revocations() -> Op[list[Revocation]]:
    found = yield Find(REVOCATIONS, {})
    readable = []
    for document in found:
        try:
            readable.append(from_document(Revocation, document, key=_KEY))
        except RegistryError:
            continue
    return readable
