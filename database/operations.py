"""What a repository may ask of MongoDB: a portable subset, as data.

A repository method is a generator that yields commands and is sent their results. It touches no
driver, so the same method runs on the synchronous and on the asynchronous client, and a test can
stop it between any two writes. See `docs/decisions/`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

Document = dict[str, Any]
Op = Generator["Command", Any, T]
"""A registry operation that returns T once its commands have been run."""

Sort = Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Find:
    """Documents that match, as a list."""

    collection: str
    where: Mapping[str, Any]
    sort: Sort = ()
    limit: int = 0
    skip: int = 0
    fields: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """How many documents match, as an int."""

    collection: str
    where: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The result of a pipeline of `$match`, `$group`, `$sort` and `$limit`, as a list."""

    collection: str
    pipeline: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class InsertMany:
    """Inserts documents; those whose `_id` is there already are left as they are.

    The result is the list of positions that were already there.
    """

    collection: str
    documents: Sequence[Document]


@dataclass(frozen=True, slots=True)
class Update:
    """One update by filter; `change` takes `$set $unset $inc $push $max $setOnInsert`."""

    where: Mapping[str, Any]
    change: Mapping[str, Any]
    upsert: bool = False


@dataclass(frozen=True, slots=True)
class UpdateMany:
    """Several single-document updates in one round trip. The result is how many matched."""

    collection: str
    updates: Sequence[Update]


@dataclass(frozen=True, slots=True)
class FindAndUpdate:
    """Atomically updates one document and gives it back as it is afterwards, or None."""

    collection: str
    where: Mapping[str, Any]
    change: Mapping[str, Any]
    upsert: bool = False


@dataclass(frozen=True, slots=True)
class DeleteMany:
    """Deletes what matches; the result is how many were deleted."""

    collection: str
    where: Mapping[str, Any]


Command = Find | Count | Aggregate | InsertMany | UpdateMany | FindAndUpdate | DeleteMany
