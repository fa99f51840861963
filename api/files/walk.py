"""All documents of a collection in the order of their ids, a part at a time, each told once.

By number, which is a place in the index of the ids. What comes meanwhile moves the others on, what
is erased moves them back: so each part begins some documents before the end of the last one, and
what was told is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TypeVar

from api.registry import Registry
from database.driver.commands import Op
from model.errors import RegistryUnavailable

Kept = TypeVar("Kept")
Answer = TypeVar("Answer")
Page = Callable[[int, int], Op[list[Kept]]]
"""The operation that reads some documents by their ids: how many are left out, how many at most."""

PART = 1_000
"""Documents that are read at a time; the event loop waits a few milliseconds for them."""

OVERLAP = 50
"""So many documents may be erased between two reads."""


TRIES = 4
"""How often a part of a file is asked for, where the registry is away for a moment."""

PAUSE = 1.0
"""Seconds before the second time; each further pause is twice as long."""


async def patiently(registry: Registry, read: Callable[[], Op[Answer]], tries: int) -> Answer:
    """What an operation that only reads gives, asked for again where nobody answers.

    Args:
        registry: of the task.
        read: makes the operation.
        tries: how often it is run at most.

    Raises:
        RegistryError: it cannot be read.
    """
    for number in range(tries - 1):
        try:
            return await registry.run(read())
        except RegistryUnavailable:
            await asyncio.sleep(PAUSE * 2**number)
    return await registry.run(read())


async def walked(
    registry: Registry, page: Page[Kept], key: Callable[[Kept], str], tries: int
) -> AsyncIterator[list[Kept]]:
    """Every document, a part at a time.

    Args:
        registry: of the task.
        page: reads a part.
        key: the id of what was read.
        tries: how often each part is asked for.

    Raises:
        RegistryError: it cannot be read.
    """
    read, last = 0, ""
    while True:
        skip = max(0, read - OVERLAP)
        found = await patiently(registry, partial(page, skip, PART), tries)
        fresh = [one for one in found if key(one) > last]
        if fresh:
            last = key(fresh[-1])
            yield fresh
        if len(found) < PART:
            return
        read = skip + len(found)
