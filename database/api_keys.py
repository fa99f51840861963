"""API keys; only the digest of a secret is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from database.documents import from_document, to_document
from database.operations import Find, InsertMany, Op, Replace, ReplaceMany
from model.access import ApiKey
from model.errors import Conflict, NotFound

COLLECTION = "api_keys"
_KEY = "key_id"


def add(key: ApiKey) -> Op[None]:
    """Stores a key.

    Raises:
        Conflict: a key of that id is there already.
    """
    known = yield InsertMany(COLLECTION, [to_document(key, key=_KEY)])
    if known:
        raise Conflict(f"key {key.key_id} is there already")


def get(key_id: str) -> Op[ApiKey]:
    """The key of that id, revoked or not.

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
    """Every key, revoked ones too, oldest first."""
    found = yield Find(COLLECTION, {}, sort=[("created_at", 1), ("_id", 1)])
    return [from_document(ApiKey, document, key=_KEY) for document in found]


def revoke(key_id: str, now: datetime) -> Op[ApiKey]:
    """Revokes a key; one that is revoked already keeps its moment.

    Raises:
        NotFound: no such key.
    """
    key = yield from get(key_id)
    if key.revoked_at is not None:
        return key
    revoked = replace(key, revoked_at=now)
    yield ReplaceMany(COLLECTION, [Replace({"_id": key_id}, to_document(revoked, key=_KEY))])
    return revoked
