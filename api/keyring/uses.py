"""Which keys are used: noted in memory by requests, and written beside them once a minute."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from api.registry import Registry
from database.api_keys import KeyUseRepository
from model.errors import RegistryError

EVERY = timedelta(minutes=1)

_log = logging.getLogger(__name__)


class KeyUses:
    """The keys that this worker has let in since it last wrote that down.

    What was noted and not written is lost where the worker is killed: at most a minute of it.

    Args:
        registry: the root registry.
        now: the clock, aware UTC.
    """

    def __init__(self, registry: Registry, now: Callable[[], datetime]) -> None:
        self._registry = registry
        self._now = now
        self._written_at: datetime | None = None
        self._noted: set[str] = set()

    def note(self, key_id: str) -> None:
        """Notes that a key is used; nothing is written."""
        self._noted.add(key_id)

    async def write(self) -> None:
        """Writes down what was noted, at most once a minute; where that fails, a minute later."""
        now = self._now()
        if self._written_at is not None and abs(now - self._written_at) < EVERY:
            return
        self._written_at = now
        noted = frozenset(self._noted)
        if not noted:
            return
        try:
            await self._registry.run(KeyUseRepository().saw(noted, now))
        except RegistryError as error:
            _log.debug("the use of keys is not written: %s", error)
            return
        self._noted -= noted
