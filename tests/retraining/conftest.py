"""An embedded registry shared by the tests of this folder, and a fresh database for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.indexes import ensure_indexes


@pytest.fixture(scope="session")
def embedded_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("registry")
    yield lifecycle.ensure_running(home, idle_seconds=600)
    lifecycle.stop(home)


@pytest.fixture
def db() -> str:
    return f"t{uuid4().hex[:12]}"


@pytest.fixture
def registry(embedded_uri: str, db: str) -> Iterator[SyncRegistry]:
    with open_registry(embedded_uri, db) as opened:
        opened.run(ensure_indexes())
        yield opened


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"
