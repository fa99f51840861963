"""Signs what a registry holds with this installation's key, whoever signed it before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from database.api_keys import ApiKeyRepository, KeyRevocationRepository
from database.artifacts import ArtifactRepository
from database.driver.commands import Find, Op
from database.mapping.documents import milliseconds
from database.people.people import PersonRepository
from database.trail.trail import TrailRepository
from database.versions import ModelVersionRepository
from model.access import ApiKey, Revocation
from model.archive import bundle_digest
from model.audit.entry import LONGEST_DETAIL, ActorKind, Entry
from model.errors import BundleError, CorruptArtifact, NotFound
from model.people.person import Person
from model.trust.key_seal import is_genuine, sealed
from model.trust.tombstone import TombstoneKey
from model.version import ModelVersion, resign

WARNING = """\
--re-sign trusts the registry as it is: the models of all versions, their thresholds, every API key
that is not revoked, and every person with the password and the rights written there. Whoever could
write to it, or to the backup, decides what you serve and who gets in. Do it only with a registry or
a backup that nobody else had in hands."""


@dataclass(frozen=True, slots=True)
class Resigned:
    """What was signed of one task.

    Attributes:
        versions: names of the versions.
        left: versions that cannot be signed, and why.
    """

    versions: tuple[str, ...]
    left: tuple[str, ...]


def signed_elsewhere(
    found: Iterable[ModelVersion], keys: Iterable[ApiKey], people: Iterable[Person], key: bytes
) -> tuple[str, ...]:
    """Those whose signature is not made with this key, in words."""
    foreign = [f"API key {one.key_id}" for one in keys if not is_genuine(one, key)]
    foreign += [f"person {one.person_id}" for one in people if not is_genuine(one, key)]
    for version in found:
        try:
            version.verify(key)
        except BundleError:
            foreign.append(f"{version.version} of {version.task}")
    return tuple(sorted(foreign))


def resign_versions(task: str, key: bytes) -> Op[Resigned]:
    """Run on a task's database: signs every version of the task."""
    signed, left = [], []
    for version in (yield from ModelVersionRepository().newest(0)):
        why = yield from _resign(version, task, key)
        if why is None:
            signed.append(version.version)
        else:
            left.append(f"{version.version} of {task}: {why}")
    return Resigned(tuple(signed), tuple(left))


def resign_keys(
    done: Iterable[Resigned], key: bytes, *, now: datetime, actor: str, data_key: TombstoneKey
) -> Op[tuple[str, ...]]:
    """Run on the root database: signs every API key and person; the audit log tells of all.

    A key that any revocation names stays revoked, whoever signed the revocation; so does the
    edition of a person.

    Args:
        done: what was signed of each task.
        key: the installation's key.
        now: aware UTC.
        actor: who did it.
        data_key: seals the audit trail.

    Returns:
        The ids of the keys, revoked ones too.
    """
    keys = yield from _resign_keys(key, now)
    people = yield from _resign_people(key, now)
    versions = [name for one in done for name in one.versions]
    subject = f"{len(versions)} versions, {len(keys)} API keys, {len(people)} people"
    detail = ", ".join((*versions, *keys, *people))[:LONGEST_DETAIL]
    entry = Entry(now, "", actor, ActorKind.COMMAND, "re-sign", subject, detail)
    yield from TrailRepository().tell([entry], data_key, now=now)
    return keys


def _resign(version: ModelVersion, task: str, key: bytes) -> Op[str | None]:
    try:
        digest = bundle_digest((yield from ArtifactRepository().get(version.artifact)))
        own = resign(replace(version, bundle=digest), task, key)
    except (BundleError, CorruptArtifact, NotFound) as error:
        return str(error)
    yield from ModelVersionRepository().replace(own)
    return None


def _resign_keys(key: bytes, now: datetime) -> Op[tuple[str, ...]]:
    named = yield Find(KeyRevocationRepository.collection, {}, fields=["_id"])
    known = {one.key_id for one in (yield from ApiKeyRepository().all())}
    for key_id in sorted(known & {str(row["_id"]) for row in named}):
        yield from ApiKeyRepository().revoke(key_id, now, key)
    keys = yield from ApiKeyRepository().all()
    yield from ApiKeyRepository().adopt(keys, now, key)
    return tuple(one.key_id for one in keys)


def _resign_people(key: bytes, now: datetime) -> Op[tuple[str, ...]]:
    people = yield from PersonRepository().all()
    editions = {one.edition for one in people}
    for edition in sorted((yield from KeyRevocationRepository().stored_many(editions))):
        again = sealed(Revocation(edition, milliseconds(now)), key)
        yield from KeyRevocationRepository().put(again)
    for one in people:
        yield from PersonRepository().sign(one, key)
    return tuple(one.name for one in people)
