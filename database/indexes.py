"""The indexes that the repositories declare beside their queries."""

from __future__ import annotations

from collections.abc import Iterator

from database.driver.commands import EnsureIndex, Op
from database.repositories import REPOSITORIES
from database.repository import Documents


def _indexes_of(kind: type[Documents]) -> Iterator[EnsureIndex]:
    """The indexes of a collection; the one of its order with the key that decides between equals.

    Without the key in it MongoDB reads and sorts every document for a page of the newest.
    """
    *order, last = kind.order
    for keys in kind.indexes:
        decides = [last] if last[0] == "_id" and [*keys] == order else []
        yield EnsureIndex(kind.collection, [*keys, *decides])
    for keys in kind.unique:
        yield EnsureIndex(kind.collection, keys, unique=True)


INDEXES = tuple(index for kind in REPOSITORIES for index in _indexes_of(kind))


def ensure_indexes() -> Op[None]:
    """Makes every index that is not there; may run at every start, in several processes.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    yield from INDEXES
