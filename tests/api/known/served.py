"""A registry on mongomock, called as the API calls one."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from database.driver.commands import Op
from model.errors import AccessDenied
from tests.database.drivers import MongomockRegistry

T = TypeVar("T")


class Served:
    """A registry on mongomock that may hold an answer back, or refuse.

    Attributes:
        held: the second answer from then on waits for it.
        refuses: whether nobody is let in.
    """

    def __init__(self) -> None:
        self.kept = MongomockRegistry("followed")
        self.held: asyncio.Event | None = None
        self.calls = 0
        self.refuses = False

    async def run(self, op: Op[T]) -> T:
        if self.refuses:
            raise AccessDenied("not allowed")
        found = self.kept.run(op)
        self.calls += 1
        if self.held is not None and self.calls == 2:
            await self.held.wait()
        return found

    async def ping(self) -> None:
        pass
