"""Which servers a test here runs on, and a fresh database of one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from uuid import uuid4

import pytest
from pymongo import MongoClient

from database.driver.client import SyncRegistry, open_registry

COMPARES = ("embedded", pytest.param("mongodb", marks=pytest.mark.servers))
"""Servers that compare before they replace."""

OTHERS = (pytest.param("ferretdb", marks=pytest.mark.servers), COMPARES[1])
"""Servers that are not ours."""


@contextmanager
def writers(uri: str, number: int) -> Iterator[Sequence[SyncRegistry]]:
    """Registries on one fresh database, each with connections of its own."""
    db = f"t{uuid4().hex[:12]}"
    with ExitStack() as opened:
        yield [opened.enter_context(open_registry(uri, db)) for _ in range(number)]
    with MongoClient[dict[str, object]](uri) as client:
        client.drop_database(db)
