"""The registry as the API sees it: opened late, reopened when its address changes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from database.driver.commands import Op
from model.errors import ConfigurationError, RegistryError, RegistryUnavailable

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
        connect: Callable[[str], Awaitable[Registry]],
    ) -> None:
        self._address = address
        self._connect = connect
        self._registry: Registry | None = None
        self._uri: str | None = None
        self._opening: asyncio.Task[None] | None = None
        self._opened_at = float("-inf")

    async def run(self, op: Op[T]) -> T:
        """Runs one operation; a failure makes the next ones look for the address anew.

        Raises:
            RegistryUnavailable: not reached; nothing is retried here.
        """
        if self._registry is None:
            await self.reopen()
        if self._registry is None:
            raise RegistryUnavailable("the registry cannot be reached")
        try:
            return await self._registry.run(op)
        except RegistryUnavailable:
            self._reopen_soon()
            raise

    async def ping(self) -> None:
        """Raises RegistryUnavailable when nobody answers."""
        if self._registry is None:
            await self.reopen()
        if self._registry is None:
            raise RegistryUnavailable("the registry cannot be reached")
        try:
            await self._registry.ping()
        except RegistryUnavailable:
            self._reopen_soon()
            raise

    async def reopen(self) -> None:
        """Opens the client if the address is known, and again if it changed."""
        self._reopen_soon()
        if self._opening is not None:
            await asyncio.shield(self._opening)

    async def close(self) -> None:
        """Closes the client."""
        if self._opening is not None:
            self._opening.cancel()
        if self._registry is not None:
            await self._registry.close()

    def _reopen_soon(self) -> None:
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
            _log.warning("the registry cannot be opened: %s", error)
