"""What a repository may ask of MongoDB: a portable subset, as data.

A repository method is a generator that yields commands and is sent their results. It touches no
driver, so the same method runs on the synchronous and on the asynchronous client, and a test can
stop it between any two writes.

A document changes only by being replaced as a whole where it still is what was read (a
compare-and-set on its revision). There are no update operators: the embedded server stores a date
that `$set`, `$max` or `$min` writes as text, so a document would come back different. See
`docs/decisions/0002-one-repository-two-drivers.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

Document = dict[str, Any]
Op = Generator["Command", Any, T]
"""A registry operation that returns T once its commands have been run."""

Sort = Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Find:
    """Documents that match, as a list.

    Attributes:
        read: what is made of each document as it comes, so that those of a long list are never in
            memory together; None leaves them as they are.
    """

    collection: str
    where: Mapping[str, Any]
    sort: Sort = ()
    limit: int = 0
    skip: int = 0
    fields: Sequence[str] = ()
    read: Callable[[Document], Any] | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many documents match, as an int."""

    collection: str
    where: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class InsertMany:
    """Inserts documents; those whose `_id` is there already are left as they are.

    The result is the list of positions that were already there.
    """

    collection: str
    documents: Sequence[Document]


@dataclass(frozen=True, slots=True)
class Replace:
    """Puts `document` in the place of the one document that matches, atomically."""

    where: Mapping[str, Any]
    document: Document


@dataclass(frozen=True, slots=True)
class ReplaceMany:
    """Several replacements in one round trip, each atomic. The result is how many matched."""

    collection: str
    replacements: Sequence[Replace]


@dataclass(frozen=True, slots=True)
class DeleteMany:
    """Deletes what matches; the result is how many were deleted."""

    collection: str
    where: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EnsureIndex:
    """Makes an index unless it is there; the result is None."""

    collection: str
    keys: Sort
    unique: bool = False


Command = Find | Count | InsertMany | ReplaceMany | DeleteMany | EnsureIndex
