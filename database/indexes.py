"""The indexes that the repositories declare beside their queries."""

from __future__ import annotations

from database.driver.commands import EnsureIndex, Op
from database.repositories import REPOSITORIES

INDEXES = tuple(
    EnsureIndex(kind.collection, keys, unique=unique)
    for kind in REPOSITORIES
    for unique, declared in ((False, kind.indexes), (True, kind.unique))
    for keys in declared
)


def ensure_indexes() -> Op[None]:
    """Makes every index that is not there; may run at every start, in several processes.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    yield from INDEXES
