"""Every way to run a registry operation, behind one call."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol, TypeVar

import mongomock

from database.driver.async_client import AsyncRegistry
from database.driver.client import SyncRegistry
from database.driver.commands import Command, Find, Op, ReplaceMany
from database.driver.run import Hook

T = TypeVar("T")
MOST = 20_000


class Run(Protocol):
    """Runs an operation to its end."""

    def __call__(self, op: Op[T]) -> T: ...


class MongomockRegistry(SyncRegistry):
    """The synchronous registry on mongomock, whose `bulk_write` breaks with this PyMongo.

    Attributes:
        asked: every command so far.
    """

    def __init__(self, db: str, hook: Hook | None = None) -> None:
        super().__init__(mongomock.MongoClient(tz_aware=True), db, hook)
        self.asked: list[Command] = []

    def execute(self, command: Command) -> Any:
        self.asked.append(command)
        assert len(self.asked) < MOST, "an operation that never ends"
        if isinstance(command, Find):
            # A server refuses any other; mongomock takes it for one of these.
            assert {direction for _, direction in command.sort} <= {1, -1}
        if isinstance(command, ReplaceMany):
            parts = [ReplaceMany(command.collection, [one]) for one in command.replacements]
            return sum(super(MongomockRegistry, self).execute(part) for part in parts)
        return super().execute(command)

    def finds(self, collection: str | None = None) -> list[Find]:
        """What was looked for so far, anywhere or in one collection."""
        finds = [command for command in self.asked if isinstance(command, Find)]
        return [find for find in finds if collection in (None, find.collection)]


class AsyncRun:
    """Runs operations of an asynchronous registry on an event loop of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, registry: AsyncRegistry) -> None:
        self._loop = loop
        self._registry = registry

    def __call__(self, op: Op[T]) -> T:
        return self._loop.run_until_complete(self._registry.run(op))

    async def close(self) -> None:
        await self._registry.close()
