"""An embedded registry shared by the tests of this folder, and a fresh database for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from uuid import uuid4

import pytest

from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import Document, Find, InsertMany
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from database.repositories import REPOSITORIES
from tests.retraining.school import READING, run, teach


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


@dataclass(frozen=True)
class Trained:
    """A registry and a home after the first run on one year of the made-up school."""

    documents: Mapping[str, Sequence[Document]]
    home: Path


@pytest.fixture(scope="session")
def trained(embedded_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    home = tmp_path_factory.mktemp("trained") / "home"
    with open_registry(embedded_uri, "trained") as registry:
        registry.run(ensure_indexes())
        teach(registry, "2022", READING)
        run(registry, home)
        kept = [kind.collection for kind in REPOSITORIES]
        return Trained({name: registry.execute(Find(name, {})) for name in kept}, home)


@pytest.fixture
def first_champion(registry: SyncRegistry, home: Path, trained: Trained) -> None:
    """`teach(registry, "2022", READING)` and `run(registry, home)`, without their two seconds."""
    for name, documents in trained.documents.items():
        registry.execute(InsertMany(name, documents))
    copytree(trained.home, home)
