"""Who objects to being scored, in memory, so that no request waits for the registry to refuse one.

On the worker that wrote an objection down it holds at once, on every other within two seconds.
"""

from __future__ import annotations

import asyncio
import logging

from api.registry import Registry
from database.rights.objections import ObjectionRepository
from model.errors import ObjectingStudent, RegistryError

REFRESH_SECONDS = 2.0

_log = logging.getLogger(__name__)


class ObjectingStudents:
    """The objections of a task as this worker knows them."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._students: frozenset[str] = frozenset()
        self._state: tuple[int, str] | None = None

    async def follow(self) -> None:
        """Reads the objections whenever they have changed, until cancelled."""
        while True:
            try:
                await self.read()
            except RegistryError as error:
                _log.debug("objections are not read anew: %s", error)
            await asyncio.sleep(REFRESH_SECONDS)

    async def read(self) -> None:
        """Reads the objections if they have changed.

        Raises:
            RegistryError: they cannot be read.
        """
        state = await self._registry.run(ObjectionRepository().state())
        if state != self._state:
            self._students = await self._registry.run(ObjectionRepository().students())
            self._state = state

    @property
    def state(self) -> object:
        """What changes when somebody objects or no longer does, as this worker knows it."""
        return self._state

    @property
    def nobody(self) -> bool:
        """Whether nobody objects."""
        return not self._students

    def __contains__(self, student_id: object) -> bool:
        return student_id in self._students

    def check(self, student_id: str | None) -> None:
        """Refuses to score a student who objects.

        Raises:
            ObjectingStudent: the student does.
        """
        if self._students and student_id in self._students:
            raise ObjectingStudent
