from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.conftest import World, world
from tests.api.server import Server, served, until

__all__ = ["world"]


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[Server]:
    with served(world.home, workers=1) as running:
        until(lambda: running.get("/health/ready").status_code == 200)
        yield running
