from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from database import indexes
from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from tests.api import bundles
from tests.api.server import Server, served, until


@dataclass(frozen=True, slots=True)
class World:
    """A home with an embedded registry whose champion is v1."""

    home: Path
    uri: str
    registry: SyncRegistry


@contextmanager
def world_in(home: Path) -> Iterator[World]:
    """Makes one in an empty folder; its registry ends with it."""
    uri = lifecycle.ensure_running(home)
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(indexes.ensure_indexes())
            bundles.promote(registry, bundles.register(registry, bundles.archive()))
            yield World(home, uri, registry)
    finally:
        lifecycle.stop(home)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("farol")) as made:
        yield made


@pytest.fixture(scope="module")
def server(world: World, request: pytest.FixtureRequest) -> Iterator[Server]:
    """Four workers, or as many as a module's `WORKERS` says: each takes two seconds to start."""
    workers = getattr(request.module, "WORKERS", 4)
    with served(world.home, workers=workers) as running:
        until(lambda: [bool(w["version"]) for w in running.workers()] == [True] * workers)
        yield running
