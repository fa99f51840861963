"""Who is in a collection of the registry, in memory, so that no request waits to ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from api.background import Turns
from api.registry import Registry
from database.driver.commands import Op

REFRESH_SECONDS = 2.0


class Followed:
    """The keys of a collection as this worker knows them.

    Args:
        registry: of the task.
        state: reads what changes whenever the keys do.
        keys: reads all of them.
        about: what does not happen while they cannot be read.

    Attributes:
        turns: what became of its readings.
    """

    def __init__(
        self,
        registry: Registry,
        state: Callable[[], Op[tuple[int, str]]],
        keys: Callable[[], Op[frozenset[str]]],
        about: str,
    ) -> None:
        self.turns = Turns(about)
        self._registry = registry
        self._read_state, self._read_keys = state, keys
        self._keys: frozenset[str] = frozenset()
        self._state: tuple[int, str] | None = None
        # Of two readings at once the one that began first could else end last.
        self._reading = asyncio.Lock()

    async def follow(self) -> None:
        """Reads the keys whenever they have changed, until cancelled."""
        while True:
            with self.turns.turn():
                await self.read()
            await asyncio.sleep(REFRESH_SECONDS)

    async def read(self) -> None:
        """Reads the keys if they have changed.

        Raises:
            RegistryError: they cannot be read.
        """
        async with self._reading:
            state = await self._registry.run(self._read_state())
            if state != self._state:
                self._keys = await self._registry.run(self._read_keys())
                self._state = state

    @property
    def state(self) -> object:
        """What changes when somebody comes or goes, as this worker knows it."""
        return self._state

    @property
    def nobody(self) -> bool:
        """Whether there is nobody."""
        return not self._keys
