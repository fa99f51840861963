"""An embedded registry shared by the tests of this folder, a fresh database for each, a school."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from tests.drift.school import School, found_school


@pytest.fixture(scope="session")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("registry")
    yield lifecycle.ensure_running(home, idle_seconds=600)
    lifecycle.stop(home)


@pytest.fixture
def opened(uri: str) -> Iterator[SyncRegistry]:
    with open_registry(uri, f"t{uuid4().hex[:12]}") as registry:
        registry.run(ensure_indexes())
        yield registry


@pytest.fixture
def school(opened: SyncRegistry) -> School:
    return found_school(opened)
