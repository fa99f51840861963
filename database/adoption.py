"""Versions of before, whose signature covered the archive alone, are signed anew once.

The first host that finds some writes down which ones it vouches for, sealed with the installation's
key, before it signs any; whoever comes after, a second host or the same one after a crash, signs
those and no others. Each host keeps a copy, so that a list that disappears from the registry does
not open the adoption again. Without a list, one version that is signed in today's form is enough to
know that there is nothing left to adopt.

What is written of a version (name, task, training list) is believed as it is found, this once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from database.artifacts import ArtifactRepository
from database.driver.commands import Document, Find, Op, Replace, ReplaceMany
from database.repository import Documents
from database.trail.trail import TrailRepository
from database.versions import ModelVersionRepository, named
from model.archive import bundle_digest
from model.audit.entry import LONGEST_DETAIL, ActorKind, Entry
from model.errors import BundleError, CorruptArtifact, NotFound
from model.trust.signature import check, check_former, seal
from model.trust.tombstone import TombstoneKey
from model.version import resign

PURPOSE = "adoption"

_OF_BEFORE: Mapping[str, Any] = {"$or": [{"bundle": {"$exists": False}}, {"bundle": ""}]}


class Kept(Protocol):
    """This host's copy of the list."""

    def read(self) -> bytes | None:
        """The copy, or None if this host has none."""

    def write(self, content: bytes) -> None:
        """Keeps the copy, readable by its owner only."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """The versions of before that an installation vouches for; none if there is nothing left.

    Attributes:
        bundles: version to the digest of its bundle.
        signatures: version to its signature of today's form.
    """

    bundles: Mapping[str, str] = field(default_factory=dict)
    signatures: Mapping[str, str] = field(default_factory=dict)

    def to_document(self, key: bytes) -> Document:
        """Sealed, for the registry and for the host's copy."""
        return {
            "_id": _id(key),
            "bundles": dict(self.bundles),
            "signatures": dict(self.signatures),
            "seal": seal(PURPOSE, dict(self.signatures), key),
        }


class VersionAdoptionRepository(Documents):
    """The lists of versions of before, one for each key of an installation."""

    collection = "version_adoptions"

    def add(self, sealed: Document) -> Op[Document]:
        """Stores a sealed list unless there is one; gives the one that stands.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        if (yield from self._add(sealed)):
            return sealed
        return (yield from self.stored(sealed["_id"])) or sealed


def adopt(kept: Kept, key: bytes, data_key: TombstoneKey, *, now: datetime) -> Op[int]:
    """Signs the installation's versions of before anew; the number of those it signed.

    One look at the registry if there are none. May run at every start, in several processes. An
    installation of before knew one task, so its versions are in the root database, as the audit
    trail is.

    Args:
        kept: this host's copy of the list.
        key: the installation's key.
        data_key: seals the audit trail.
        now: aware UTC.
    """
    former = yield Find(ModelVersionRepository.collection, _OF_BEFORE)
    adoption = _read(kept.read(), key)
    if adoption is None:
        adoption = yield from _agreed(former, key)
        if adoption is None:
            return 0
        kept.write(json.dumps(adoption.to_document(key)).encode())
    if not former or not adoption.signatures:
        return 0
    batch = f"adoption-{_id(key)}"  # Told once, whoever comes after a start that died here.
    yield from TrailRepository().tell([_entry(adoption, now)], data_key, now=now, batch=batch)
    renewed = [Replace(_where(old), new) for old, new in _renewed(former, adoption, key)]
    done = yield ReplaceMany(ModelVersionRepository.collection, renewed)
    signed: int = done
    return signed


def _agreed(former: Sequence[Document], key: bytes) -> Op[Adoption | None]:
    """The list in the registry, or a new one there; None while there is nothing to vouch for."""
    listed = yield from VersionAdoptionRepository().stored(_id(key))
    if listed is not None:
        # A list that somebody else has changed vouches for nothing.
        return _opened(listed, key) or Adoption()
    if (yield from _signed_today(key)):
        return Adoption()
    vouched = yield from _vouched(former, key)
    if not vouched.signatures:
        return None
    first = yield from VersionAdoptionRepository().add(vouched.to_document(key))
    return _opened(first, key) or Adoption()


def _signed_today(key: bytes) -> Op[bool]:
    found = yield Find(
        ModelVersionRepository.collection,
        {"bundle": {"$gt": ""}},
        fields=["task", "bundle", "artifact", "trained_on", "signature"],
    )
    for document in found:
        statement = {name: document.get(name) for name in ("task", "bundle", "artifact")}
        fields = {**statement, "version": document["_id"], "trained_on": document.get("trained_on")}
        if check("version", fields, str(document.get("signature")), key):
            return True
    return False


def _vouched(former: Sequence[Document], key: bytes) -> Op[Adoption]:
    bundles: dict[str, str] = {}
    signatures: dict[str, str] = {}
    for version in ModelVersionRepository().readable(named(former)):
        if not check_former(version.artifact, version.signature, key):
            continue
        try:
            digest = bundle_digest((yield from ArtifactRepository().get(version.artifact)))
            signed = resign(replace(version, bundle=""), version.task, key, bundle=digest)
        except (BundleError, CorruptArtifact, NotFound):
            continue  # It cannot be loaded either way; whoever asks for it is told why.
        bundles[version.version] = digest
        signatures[version.version] = signed.signature
    return Adoption(bundles, signatures)


def _renewed(
    former: Sequence[Document], adoption: Adoption, key: bytes
) -> Iterator[tuple[Document, Document]]:
    by_name = {document["_id"]: document for document in former}
    for version in ModelVersionRepository().readable(named(former)):
        name = version.version
        if name not in adoption.signatures:
            continue
        bundled = replace(version, bundle=adoption.bundles.get(name, ""))
        signed = replace(bundled, signature=adoption.signatures[name])
        try:
            signed.verify(key)
        except BundleError:
            continue  # It is no longer what was vouched for.
        changes = {"bundle": signed.bundle, "signature": signed.signature}
        yield by_name[name], {**by_name[name], **changes}


def _where(document: Document) -> Document:
    return {"_id": document["_id"], "signature": document["signature"]}


def _entry(adoption: Adoption, now: datetime) -> Entry:
    names = sorted(adoption.signatures, key=lambda name: int(name[1:]))
    return Entry(
        at=now,
        task="",
        actor="installation",
        kind=ActorKind.WORKER,
        action="adopt",
        subject=f"{len(names)} versions of before",
        detail=f"signed anew, their old signatures verified: {', '.join(names)}"[:LONGEST_DETAIL],
    )


def _id(key: bytes) -> str:
    """Each key has its own list, so that a host with another one closes nobody's adoption."""
    return seal(PURPOSE, {}, key)[:16]


def _read(content: bytes | None, key: bytes) -> Adoption | None:
    if content is None:
        return None
    try:
        return _opened(json.loads(content), key)
    except ValueError:
        return None


def _opened(document: Any, key: bytes) -> Adoption | None:
    try:
        adoption = Adoption(dict(document["bundles"]), dict(document["signatures"]))
        genuine = check(PURPOSE, dict(adoption.signatures), document["seal"], key)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return adoption if genuine else None
