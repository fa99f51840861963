"""Every way to run a registry operation, behind one call."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol, TypeVar

import mongomock

from database.driver.async_client import AsyncRegistry
from database.driver.client import SyncRegistry
from database.driver.commands import Command, Op, ReplaceMany
from database.driver.run import Hook

T = TypeVar("T")


class Run(Protocol):
    """Runs an operation to its end."""

    def __call__(self, op: Op[T]) -> T: ...


class MongomockRegistry(SyncRegistry):
    """The synchronous registry on mongomock, whose `bulk_write` breaks with this PyMongo."""

    def __init__(self, db: str, hook: Hook | None = None) -> None:
        super().__init__(mongomock.MongoClient(tz_aware=True), db, hook)

    def execute(self, command: Command) -> Any:
        if isinstance(command, ReplaceMany):
            parts = [ReplaceMany(command.collection, [one]) for one in command.replacements]
            return sum(super(MongomockRegistry, self).execute(part) for part in parts)
        return super().execute(command)


class AsyncRun:
    """Runs operations of an asynchronous registry on an event loop of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, registry: AsyncRegistry) -> None:
        self._loop = loop
        self._registry = registry

    def __call__(self, op: Op[T]) -> T:
        return self._loop.run_until_complete(self._registry.run(op))

    async def close(self) -> None:
        await self._registry.close()
