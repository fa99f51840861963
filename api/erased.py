"""The erased students, in memory, so that no request waits for the registry to refuse one.

What this does not know of yet is refused by the registry (`database.erasing.guarded`).
"""

from __future__ import annotations

import asyncio
import logging

from api.registry import Registry
from database.tombstones import TombstoneRepository
from model.errors import ErasedStudent, RegistryError
from model.trust.tombstone import TombstoneKey

REFRESH_SECONDS = 2.0

_log = logging.getLogger(__name__)


class ErasedStudents:
    """The tombstones as this worker knows them.

    Attributes:
        key: the installation's data key.
    """

    def __init__(self, registry: Registry, key: TombstoneKey) -> None:
        self.key = key
        self._registry = registry
        self._digests: frozenset[str] = frozenset()
        self._state: tuple[int, str] | None = None

    async def follow(self) -> None:
        """Reads the tombstones whenever they have changed, until cancelled."""
        while True:
            try:
                await self.read()
            except RegistryError as error:
                _log.debug("tombstones are not read anew: %s", error)
            await asyncio.sleep(REFRESH_SECONDS)

    async def read(self) -> None:
        """Reads the tombstones if they have changed.

        Raises:
            RegistryError: they cannot be read.
        """
        state = await self._registry.run(TombstoneRepository().state())
        if state != self._state:
            self._digests = await self._registry.run(TombstoneRepository().all())
            self._state = state

    @property
    def state(self) -> object:
        """What changes when a tombstone is laid or lifted, as this worker knows it."""
        return self._state

    @property
    def nobody(self) -> bool:
        """Whether there are none."""
        return not self._digests

    def check(self, student_id: str | None) -> None:
        """Refuses a record of an erased student.

        Raises:
            ErasedStudent: the student was erased.
        """
        # Nearly always nobody is erased, and then this costs nothing.
        if self._digests and student_id is not None and self.key.of(student_id) in self._digests:
            raise ErasedStudent
