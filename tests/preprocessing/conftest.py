"""Tables to read, and a registry to read them into."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from preprocessing.files.loading import CleanTable, read_tables
from preprocessing.task.spec import TaskSpec, load_task

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
YEARS = ("2022", "2023", "2024")


@pytest.fixture(scope="session")
def pede() -> TaskSpec:
    return load_task("pede_lag")


@pytest.fixture(scope="session")
def pede_years(real_data: Path, pede: TaskSpec) -> Mapping[str, CleanTable]:
    """The three published years, read once."""
    return {y: read_tables(real_data / f"pede_{y}.csv", pede, now=NOW)[0] for y in YEARS}


WriteCsv = Callable[[str, str], Path]


@pytest.fixture
def csv_file(tmp_path: Path) -> WriteCsv:
    """Writes a CSV of that name and text."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def registry_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("farol")
    yield lifecycle.ensure_running(home, idle_seconds=600)
    lifecycle.stop(home)


@pytest.fixture
def registry(registry_uri: str) -> Iterator[SyncRegistry]:
    """An empty registry on the embedded server."""
    with open_registry(registry_uri, f"t{uuid4().hex[:12]}") as opened:
        opened.run(ensure_indexes())
        yield opened
