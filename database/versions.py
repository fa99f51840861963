"""Registered model versions, numbered 1, 2, 3... without gaps."""

from __future__ import annotations

from collections.abc import Callable

from database import leases
from database.driver.commands import Find, InsertMany, Op
from database.mapping.documents import from_document, to_document
from model.errors import Conflict, NotFound
from model.run import Lease
from model.version import ModelVersion, is_version_name

COLLECTION = "model_versions"
_KEY = "version"


def next_number() -> Op[int]:
    """The number the next version will have, unless somebody else takes it first.

    Nothing is reserved: a number is taken by adding the version, so a run that dies leaves no gap.
    """
    found = yield Find(COLLECTION, {}, sort=[("number", -1)], limit=1, fields=["number"])
    return found[0]["number"] + 1 if found else 1


def add(version: ModelVersion, *, lease: Lease | None = None) -> Op[None]:
    """Registers a version.

    Args:
        version: with the next number.
        lease: the lease the run holds; one that somebody else took since registers nothing.

    Raises:
        Conflict: the number is taken, or is not the next one.
        LeaseLost: another run took over.
        ValueError: the name is not `v<number>`.
    """
    if version.version != f"v{version.number}" or not is_version_name(version.version):
        raise ValueError(f"version {version.version} has the number {version.number}")
    following = yield from next_number()
    if version.number > following:
        raise Conflict(f"version {version.version} would leave a gap after v{following - 1}")
    if lease is not None:
        yield from leases.fence(lease)
    known = yield InsertMany(COLLECTION, [to_document(version, key=_KEY)])
    if known:
        raise Conflict(f"version {version.version} is registered already")


def register(
    make: Callable[[int], ModelVersion],
    *,
    complete: Callable[[ModelVersion], Op[ModelVersion]] | None = None,
    lease: Lease | None = None,
) -> Op[ModelVersion]:
    """Registers what `make` gives for the next free number, however many others do the same.

    Args:
        make: the version for a number; called again with the next number while others are first.
        complete: stores what the version names, and gives the version that names it.
        lease: the lease the run holds, if it holds one.

    Raises:
        LeaseLost: another run took over.
    """
    while True:
        number = yield from next_number()
        version = make(number)
        if complete is not None:
            version = yield from complete(version)
        try:
            yield from add(version, lease=lease)
        except Conflict:
            continue
        return version


def get(version: str) -> Op[ModelVersion]:
    """The version of that name; the registry is not asked for a name that is not `v<number>`.

    Raises:
        NotFound: no such version.
    """
    if not is_version_name(version):
        raise NotFound(f"model version {repr(version)[:40]}; versions are named v1, v2, ...")
    found = yield Find(COLLECTION, {"_id": version})
    if not found:
        raise NotFound(f"model version {version}")
    return from_document(ModelVersion, found[0], key=_KEY)


def newest(limit: int = 50) -> Op[list[ModelVersion]]:
    """The versions registered last, newest first; a document of another name is none."""
    found = yield Find(COLLECTION, {}, sort=[("number", -1)], limit=limit)
    return [
        from_document(ModelVersion, document, key=_KEY)
        for document in found
        if is_version_name(document["_id"])
    ]
