"""A worker does not start on a registry that a newer release has written."""

from __future__ import annotations

import asyncio
import time

import pytest

from api.registry import OpenRegistry, RegistryLink
from model.errors import FarolError, NewerRegistry, RegistryUnavailable


def link(error: FarolError, seconds: float = 0.0) -> RegistryLink:
    async def connect(_: str) -> OpenRegistry:
        await asyncio.sleep(seconds)
        raise error

    return RegistryLink(lambda: "mongodb://127.0.0.1:1", connect)


def test_one_of_a_newer_release_is_refused_by_its_own_words() -> None:
    with pytest.raises(NewerRegistry, match="its format is 2"):
        asyncio.run(link(NewerRegistry("its format is 2")).refuse_newer(10))


@pytest.mark.parametrize("seconds", [0.0, 60.0])
def test_one_that_is_away_is_not_waited_for(seconds: float) -> None:
    began = time.monotonic()

    asyncio.run(link(RegistryUnavailable("nobody answers"), seconds).refuse_newer(0.2))

    assert time.monotonic() - began < 30
