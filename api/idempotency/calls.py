"""The calls of a task that may be sent again, as a worker's event loop uses them.

The file is shared by the workers of a host, so a commit may wait for another worker's. It is used
in a thread of its own, which there is from the first call that brings a key.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from api.background import Turns
from api.erased import ErasedStudents
from api.idempotency.call import RepeatableCall
from api.idempotency.store import Begun, CallStore, Done
from api.security import Client
from model.errors import Overloaded

T = TypeVar("T")
TIDY_SECONDS = 60.0


def calls_path(task: Path) -> Path:
    """The file of a task, in the task's folder of the home."""
    return task / "idempotency" / "calls.sqlite"


class RepeatableCalls:
    """What was done for whom, for as long as it may be asked for again.

    Args:
        path: of the file; it is made with the first call.
        slot: the worker's number.
        erased: the students whose answers are given no more.
        now: the clock, aware UTC.
        alone: no other worker of this host is alive.

    Attributes:
        turns: what became of its tidying.
    """

    def __init__(
        self,
        path: Path,
        slot: int,
        erased: ErasedStudents,
        now: Callable[[], datetime],
        *,
        alone: bool,
    ) -> None:
        self.turns = Turns("calls that may be sent again are kept for too long")
        self._path, self._slot = path, slot
        self._erased, self._now = erased, now
        self._threads = ThreadPoolExecutor(1, "calls")
        self._store: CallStore | None = None
        if path.exists():
            # On a full disk they stay on their way until it can be tidied.
            with suppress(Overloaded):
                self._open().take_over(alone=alone)

    def of(self, client: Client, key: bytes, *asked: bytes) -> RepeatableCall:
        """What stands for a call.

        Args:
            client: who sends it.
            key: its `Idempotency-Key`.
            asked: operation, query and body.
        """
        return RepeatableCall.of(client, key, asked, self._erased.key)

    async def begin(self, call: RepeatableCall) -> Begun | Done:
        """A call comes: whether it is to be done, or was done before.

        Raises:
            Taken: neither; the class says why.
            Overloaded: it cannot be kept.
        """
        return await self._run(lambda: self._open().begin(call, self._now()))

    async def finish(
        self, call: RepeatableCall, begun: Begun, answer: bytes, students: Collection[str]
    ) -> None:
        """Keeps the answer of a call.

        Args:
            call: that was sent.
            begun: the same as it was begun.
            answer: as it will be sent.
            students: the keys of the students in it.

        Raises:
            Overloaded: it cannot be kept.
        """

        def keep() -> None:
            marks = {self._erased.key.of(student) for student in students}
            if marks.isdisjoint(self._erased.marks):
                self._open().finish(begun, call.seal(answer), marks)
            else:
                self._open().release(begun)

        await self._run(keep)

    def release(self, begun: Begun) -> None:
        """Forgets a call that came to nothing, soon."""
        self._threads.submit(lambda: self._open().release(begun))

    async def follow(self) -> None:
        """Removes what is too old, too much, or of an erased student, until cancelled."""
        known: object = None
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            if self._store is None and not self._path.exists():
                continue
            state = self._erased.state
            news = self._erased.marks if state != known else frozenset()
            with self.turns.turn():
                try:
                    await self._run(partial(self._tidy, news))
                except Overloaded as error:
                    raise OSError(str(error)) from error
                known = state

    def close(self) -> None:
        """Closes the file when what was begun is through."""
        self._threads.shutdown()
        if self._store is not None:
            self._store.close()

    def _tidy(self, erased: Collection[str]) -> None:
        self._open().tidy(self._now(), erased)

    def _open(self) -> CallStore:
        if self._store is None:
            try:
                self._store = CallStore(self._path, self._slot)
            except (OSError, sqlite3.Error) as error:
                raise Overloaded(f"calls that may be sent again cannot be kept: {error}") from error
        return self._store

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
