"""A registry that hosts reach through ways of their own, with two versions in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from database import indexes
from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from tests.api import bundles
from tests.api.server import Server, served, until
from tests.faults.proxy import Proxy, before

DATA_KEY = "the data key of the hosts in these tests"


@dataclass(frozen=True, slots=True)
class Installation:
    """A registry with a champion, v1, and a version that may follow it, v2."""

    uri: str
    registry: SyncRegistry


@dataclass(frozen=True, slots=True)
class Host:
    """A host of the API, and its way to the registry."""

    server: Server
    way: Proxy

    @property
    def versions(self) -> set[object]:
        """What its workers serve."""
        return {worker["version"] for worker in self.server.workers()}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("registry")) as found:
        yield found


@contextmanager
def installed(home: Path) -> Iterator[Installation]:
    """An installation whose embedded registry is in that folder."""
    uri = lifecycle.ensure_running(home, idle_seconds=600)
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(indexes.ensure_indexes())
            bundles.promote(registry, bundles.register(registry, bundles.archive()))
            bundles.register(registry, bundles.archive(0.5))
            yield Installation(uri, registry)
    finally:
        lifecycle.stop(home)


def environment(way: Proxy) -> dict[str, str]:
    """What a process of a host is started with."""
    return {"MONGO_URI": way.uri, "FAROL_DATA_KEY": DATA_KEY}


@contextmanager
def hosted(
    installation: Installation,
    home: Path,
    *,
    workers: int = 2,
    env: Mapping[str, str] | None = None,
) -> Iterator[Host]:
    """A host that serves the champion."""
    home.mkdir(exist_ok=True)
    with (
        before(installation.uri) as way,
        served(home, workers=workers, env=environment(way) | dict(env or {})) as server,
    ):
        host = Host(server, way)
        until(lambda: len(server.workers()) == workers and None not in host.versions)
        yield host
