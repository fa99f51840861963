"""The registry as the API sees it: opened late, reopened when its address changes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, TypeVar

from database.driver.commands import Op
from model.errors import (
    ConfigurationError,
    NewerRegistry,
    RegistryError,
    RegistryUnavailable,
    TaskRefused,
)

T = TypeVar("T")
REOPEN_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Registry(Protocol):
    """What runs registry operations."""

    async def run(self, op: Op[T]) -> T:
        """Runs one operation.

        Raises:
            RegistryError: as the operation says; RegistryUnavailable when nobody answers.
        """

    async def ping(self) -> None:
        """Raises RegistryUnavailable when nobody answers."""


class OpenRegistry(Registry, Protocol):
    """A registry with its connections."""

    def on(self, db: str) -> OpenRegistry:
        """Another database of the same server, through the same connections."""

    async def close(self) -> None:
        """Closes the connections."""


class RegistryLink:
    """A registry that may be away when the worker starts, and come back somewhere else.

    The embedded registry may have been replaced by one that listens elsewhere. `address` finds it
    (and starts it if need be); `connect` opens a client for it.
    """

    def __init__(
        self,
        address: Callable[[], str],
        connect: Callable[[str], Awaitable[OpenRegistry]],
    ) -> None:
        self._address = address
        self._connect = connect
        self._registry: OpenRegistry | None = None
        self._uri: str | None = None
        self._opening: asyncio.Task[None] | None = None
        self._opened_at = float("-inf")
        self._newer: NewerRegistry | None = None

    async def refuse_newer(self, seconds: float) -> None:
        """Opens it, if that takes no longer, and refuses one that a newer release has written.

        One that is away now, and turns out to be newer later, is one that stays away.

        Raises:
            NewerRegistry: it was written by a newer release.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.reopen()
        if self._newer is not None:
            raise self._newer

    async def opened(self) -> OpenRegistry:
        """The registry as it was opened last.

        Raises:
            RegistryUnavailable: not reached.
        """
        if self._registry is None:
            await self.reopen()
        if self._registry is None:
            raise RegistryUnavailable("the registry cannot be reached")
        return self._registry

    async def run(self, op: Op[T]) -> T:
        """Runs one operation; a failure makes the next ones look for the address anew.

        Raises:
            RegistryUnavailable: not reached; nothing is retried here.
        """
        registry = await self.opened()
        try:
            return await registry.run(op)
        except RegistryUnavailable:
            self.reopen_soon()
            raise

    async def ping(self) -> None:
        """Raises RegistryUnavailable when nobody answers."""
        registry = await self.opened()
        try:
            await registry.ping()
        except RegistryUnavailable:
            self.reopen_soon()
            raise

    async def reopen(self) -> None:
        """Opens the client if the address is known, and again if it changed."""
        self.reopen_soon()
        if self._opening is not None:
            await asyncio.shield(self._opening)

    async def close(self) -> None:
        """Closes the client."""
        if self._opening is not None:
            self._opening.cancel()
        if self._registry is not None:
            await self._registry.close()

    def reopen_soon(self) -> None:
        """Begins to look for the address anew, unless that was done a moment ago."""
        now = time.monotonic()
        busy = self._opening is not None and not self._opening.done()
        if not busy and now - self._opened_at >= REOPEN_SECONDS:
            self._opened_at = now
            self._opening = asyncio.create_task(self._open())

    async def _open(self) -> None:
        try:
            uri = await asyncio.to_thread(self._address)
            if uri == self._uri:
                return
            former, self._registry = self._registry, await self._connect(uri)
            self._uri = uri
            if former is not None:
                await former.close()
        except (RegistryError, ConfigurationError, OSError) as error:
            self._newer = error if isinstance(error, NewerRegistry) else None
            _log.warning("the registry cannot be opened: %s", error)


class TaskRegistry:
    """The database of one task, through the connections of the root database.

    Args:
        root: the root database.
        entered: run on it; gives the name of the task's database.
        claimed: run on that, before anything else is.

    Attributes:
        database: its name; None before it was first reached.
    """

    def __init__(
        self, root: RegistryLink, entered: Callable[[], Op[str]], claimed: Callable[[], Op[None]]
    ) -> None:
        self._root = root
        self._entered = entered
        self._claimed = claimed
        self.database: str | None = None
        self._seen: tuple[OpenRegistry, OpenRegistry] | None = None
        self._told = ""

    async def run(self, op: Op[T]) -> T:
        """Runs one operation on the task's database.

        Raises:
            TaskRefused: the task has no place in this installation.
            RegistryUnavailable: not reached.
        """
        registry = await self._opened()
        try:
            return await registry.run(op)
        except RegistryUnavailable:
            self._root.reopen_soon()
            raise

    async def ping(self) -> None:
        """Raises RegistryUnavailable when nobody answers, or the task has no place there."""
        await self._opened()
        await self._root.ping()

    async def _opened(self) -> OpenRegistry:
        root = await self._root.opened()
        if self._seen is not None and self._seen[0] is root:
            return self._seen[1]
        try:
            self.database = await root.run(self._entered())
            own = root.on(self.database)
            await own.run(self._claimed())
        except ConfigurationError as error:
            if str(error) != self._told:
                _log.error("%s", error)
                self._told = str(error)
            raise TaskRefused(str(error)) from error
        except RegistryUnavailable:
            self._root.reopen_soon()
            raise
        self._seen = (root, own)
        return own
