"""A cluster of two workers for the tests that only ask it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deployment.dask.processes import Started, started


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    pytest.importorskip("distributed", reason="Dask is an extra: make setup-scale")
    with started(tmp_path_factory.mktemp("cluster")) as running:
        yield running
