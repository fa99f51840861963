"""Seals anew, with the key that signs now, what another key of the installation's chain sealed.

Unlike `restore --re-sign` this trusts nothing: what no key of the chain sealed stays as it is, and
is named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from database.api_keys import ApiKeyRepository, KeyAdoptionRepository, KeyRevocationRepository
from database.driver.commands import Document, Op, Replace, ReplaceMany
from database.people.people import PersonRepository
from database.repository import Repository
from database.versions import ModelVersionRepository
from model.errors import BundleError, RegistryError
from model.trust.key_seal import Sealed, is_genuine, sealed
from model.trust.keychain import signing
from model.version import ModelVersion

Genuine = Callable[[Any, bytes], bool]
Signature = Callable[[Any, bytes], str]


@dataclass(frozen=True, slots=True)
class Resealed:
    """What became of the sealed documents of a database.

    Attributes:
        done: how many were sealed anew.
        there: how many the signing key had sealed already.
        foreign: those that no key of the chain sealed, in words.
    """

    done: int = 0
    there: int = 0
    foreign: tuple[str, ...] = ()

    def __add__(self, other: Resealed) -> Resealed:
        return Resealed(
            self.done + other.done, self.there + other.there, self.foreign + other.foreign
        )


@dataclass(frozen=True, slots=True)
class SealedKind:
    """One kind of sealed document.

    Attributes:
        repository: of the kind.
        genuine: whether a key, or one of a chain, sealed a record.
        signature: the seal of a record by a key.
    """

    repository: type[Repository[Any]]
    genuine: Genuine
    signature: Signature


def _sealed_by(record: Sealed, key: bytes) -> str:
    return sealed(record, key).signature


def _verified(version: ModelVersion, key: bytes) -> bool:
    try:
        version.verify(key)
    except BundleError:
        return False
    return True


def _signed(version: ModelVersion, key: bytes) -> str:
    return version.statement.sign(key)


OF_ROOT = tuple(
    SealedKind(one, is_genuine, _sealed_by)
    for one in (
        # A revocation before the key: a process that stops in between revokes what was revoked.
        KeyRevocationRepository,
        KeyAdoptionRepository,
        ApiKeyRepository,
        PersonRepository,
    )
)
OF_TASK = (SealedKind(ModelVersionRepository, _verified, _signed),)


def resealed(kinds: Sequence[SealedKind], key: bytes, *, write: bool = True) -> Op[Resealed]:
    """Run on a database: seals anew what is in it. May stop anywhere, and be run again.

    Args:
        kinds: what is in that database.
        key: the chain; its first key seals.
        write: False only counts.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    whole = Resealed()
    for kind in kinds:
        whole += yield from _of_kind(kind, key, write=write)
    return whole


def _of_kind(kind: SealedKind, key: bytes, *, write: bool) -> Op[Resealed]:
    new, repository = signing(key), kind.repository()
    changes, there, foreign = [], 0, []
    for document in (yield from repository.documents()):
        again = _again(kind, document, key, new)
        if again is None:
            foreign.append(f"{repository.collection} {document['_id']}")
        elif again == document["signature"]:
            there += 1
        else:
            # Somebody who changed it in between has sealed it too, and is met at the next run.
            was = {"_id": document["_id"], "signature": document["signature"]}
            changes.append(Replace(was, {**document, "signature": again}))
    if write:
        yield ReplaceMany(repository.collection, changes)
    return Resealed(len(changes), there, tuple(foreign))


def _again(kind: SealedKind, document: Document, key: bytes, new: bytes) -> str | None:
    """The seal of a document by the new key; None where no key of the chain has sealed it."""
    try:
        record = kind.repository().read(document)
    except RegistryError:
        return None
    if not kind.genuine(record, key):
        return None
    return kind.signature(record, new)
