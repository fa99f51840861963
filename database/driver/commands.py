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
class CountBy:
    """How many documents have each text in a field, as a mapping of the text to the number.

    Where an index has the field and all that is asked for, it is counted in the index alone.

    Attributes:
        field: a text or absent; a document without it is not counted.
        sort: an order of which the first `skip` are left out.
    """

    collection: str
    where: Mapping[str, Any]
    field: str
    sort: Sort
    skip: int = 0


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
    """Makes an index unless it is there; the result is None.

    Attributes:
        keys: fields and directions. `_id` may be the last, for what decides between equals in an
            order; the embedded server leaves it out (`database.embedded.index_keys`).
    """

    collection: str
    keys: Sort
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Together:
    """Runs operations at one time, and gives their results in order.

    While a server works on a command of one, the next command of another is made. Each sees what
    any operation of somebody else might have written meanwhile; where one fails the others are run
    to their end, and its error is that of the command.
    """

    operations: Sequence[Op[Any]]

    @property
    def collection(self) -> str:
        """Of no collection."""
        return ""


Command = Find | Count | CountBy | InsertMany | ReplaceMany | DeleteMany | EnsureIndex | Together
