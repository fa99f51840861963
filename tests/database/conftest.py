"""Real servers for the contract suite, and a fresh database for each test."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, cast
from uuid import uuid4

import pytest
from pymongo import MongoClient

from database.driver.async_client import open_async_registry
from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from tests.database.drivers import AsyncRun, MongomockRegistry, Run
from tests.database.servers.building import NO_GO, can_build
from tests.database.servers.ferretdb import FerretDB, running

DRIVERS = ("sync", "pymongo", "motor")
OURS = ("mongomock", *(f"embedded-{driver}" for driver in DRIVERS))
OTHERS = tuple(
    pytest.param(f"{server}-{driver}", marks=pytest.mark.servers)
    for server in ("ferretdb", "mongodb")
    for driver in DRIVERS
)
"""What `make test-servers` adds: servers that are not ours."""


@pytest.fixture(scope="session")
def embedded_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("farol")
    yield home
    lifecycle.stop(home)


@pytest.fixture
def embedded_uri(embedded_home: Path) -> str:
    # Other tests may take more than its minute between two that use it.
    return lifecycle.ensure_running(embedded_home, idle_seconds=600)


@pytest.fixture(scope="session")
def mongodb_uri() -> str:
    """A real MongoDB, where `TEST_MONGO_URI` leads to one."""
    uri = os.environ.get("TEST_MONGO_URI")
    if not uri:
        pytest.skip("TEST_MONGO_URI is not set: no real MongoDB to test against")
    return uri


@pytest.fixture(scope="session")
def ferretdb() -> Iterator[FerretDB]:
    """A FerretDB; where there is a Go and none can be built or started, its tests fail."""
    if not can_build():
        pytest.skip(NO_GO)
    with running(synced=False) as server:
        yield server


@pytest.fixture
def db() -> str:
    return f"t{uuid4().hex[:12]}"


@pytest.fixture
def registry(embedded_uri: str, db: str) -> Iterator[SyncRegistry]:
    """A synchronous registry on the embedded server, empty and with its indexes."""
    with open_registry(embedded_uri, db) as opened:
        opened.run(ensure_indexes())
        yield opened
    _drop(embedded_uri, db)


@pytest.fixture(params=[*OURS, *OTHERS])
def run(request: pytest.FixtureRequest, db: str) -> Iterator[Run]:
    """Runs operations against an empty registry, once for every server and driver."""
    if request.param == "mongomock":
        registry = MongomockRegistry(db)
        registry.run(ensure_indexes())
        yield registry.run
        return
    server, driver = cast("str", request.param).split("-")
    if server == "ferretdb":
        yield from _emptied(cast("FerretDB", request.getfixturevalue("ferretdb")), driver)
        return
    uri = cast("str", request.getfixturevalue(f"{server}_uri"))
    yield from _of(uri, db, driver)
    _drop(uri, db)


def _emptied(server: FerretDB, driver: str) -> Iterator[Run]:
    """On one database a driver, emptied afterwards: FerretDB takes a second to make its tables."""
    db = f"contract-{driver}"
    yield from _of(server.uri, db, driver, made=db in server.made)
    server.made.add(db)
    with MongoClient[dict[str, object]](server.uri) as client:
        for collection in client[db].list_collection_names():
            client[db][collection].delete_many({})


def _of(uri: str, db: str, driver: str, *, made: bool = False) -> Iterator[Run]:
    if driver == "sync":
        with open_registry(uri, db) as registry:
            if not made:
                registry.run(ensure_indexes())
            yield registry.run
    else:
        yield from _async(uri, db, driver, made=made)


def _async(uri: str, db: str, driver: str, *, made: bool) -> Iterator[Run]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    async def opened() -> AsyncRun:
        kind = cast('Literal["pymongo", "motor"]', driver)
        return AsyncRun(loop, open_async_registry(uri, db, driver=kind))

    run = loop.run_until_complete(opened())
    if not made:
        run(ensure_indexes())
    yield run
    loop.run_until_complete(run.close())
    asyncio.set_event_loop(None)
    loop.close()


def _drop(uri: str, db: str) -> None:
    client: MongoClient[dict[str, object]] = MongoClient(uri)
    client.drop_database(db)
    client.close()
