"""Where the records of files become safe: an outbox of their own, beside the worker's.

A file brings more records in a second than the registry takes in ten. In the worker's outbox they
would hold back the answers of `/predict`, whose records come behind them, and fill it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from api.durability.carrier import Carrier
from api.durability.outbox import Outbox
from api.durability.shipper import RETRY_SECONDS, SHIPMENT, rest
from api.registry import Registry
from model.errors import Overloaded

MOST_ROWS = 200_000
"""Records of one worker's files that wait; with so many a file is not read on."""

MOST_FILES = 4
"""Files at a time in one worker, each with a thread and a spooled file."""

LOOK_SECONDS = 0.05
CHECKPOINT_ROWS = 20_000


class BulkLog:
    """The log of what files bring to one worker.

    Args:
        registry: the task's.
        path: the outbox; it is made with the first file.
        asked: how many records other callers have brought so far; while there are more each time,
            shipping steps back.

    Attributes:
        rows: records that wait.
    """

    def __init__(self, registry: Registry, path: Path, asked: Callable[[], int]) -> None:
        self._carrier = Carrier(registry, path.parent)
        self._path = path
        self._asked = asked
        self._outbox: Outbox | None = None
        self._wake = asyncio.Event()
        self._files = 0
        self._written = 0
        if path.exists():
            self._open()

    @property
    def rows(self) -> int:
        """Records that wait for the registry."""
        return 0 if self._outbox is None else max(0, self._outbox.rows)

    @contextmanager
    def file(self) -> Iterator[None]:
        """A place for one file.

        Raises:
            Overloaded: there is none.
        """
        if self._files >= MOST_FILES:
            raise Overloaded(f"{MOST_FILES} files are being scored already")
        self._open()
        self._files += 1
        try:
            yield
        finally:
            self._files -= 1

    async def room(self) -> None:
        """Waits until the outbox takes a chunk more."""
        while self.rows >= MOST_ROWS:
            await asyncio.sleep(LOOK_SECONDS)

    def inlet(self, loop: asyncio.AbstractEventLoop) -> Inlet:
        """A way into the outbox for a thread, which opens it; `loop` is that of the log."""
        return Inlet(self._path, lambda number: loop.call_soon_threadsafe(self._came, number))

    async def ship(self) -> None:
        """Ships whenever there is something, until cancelled."""
        checkpointed = 0
        while True:
            await self._wake.wait()
            outbox = self._open()
            asked, started = self._asked(), time.perf_counter()
            shipped = await self._carrier.carry(outbox, SHIPMENT, shared=True)
            if shipped and outbox.rows <= 0:
                self._wake.clear()
            busy = self._files or self._asked() > asked
            seconds = time.perf_counter() - started
            resting = rest(seconds, outbox.rows, MOST_ROWS) if busy else 0.0
            await asyncio.sleep(resting if shipped else RETRY_SECONDS)
            if self._written - checkpointed >= CHECKPOINT_ROWS:
                checkpointed = self._written
                await asyncio.to_thread(outbox.checkpoint)

    def close(self) -> None:
        """Closes the file; what waits in it stays."""
        if self._outbox is not None:
            self._outbox.close()

    def _open(self) -> Outbox:
        if self._outbox is None:
            self._outbox = Outbox(self._path)
            if self._outbox.rows:
                self._wake.set()
        return self._outbox

    def _came(self, number: int) -> None:
        self._open().rows += number
        self._written += number
        self._wake.set()


class Inlet:
    """A thread's own connection to the outbox.

    Args:
        path: the outbox.
        came: told of records that are safe.
    """

    def __init__(self, path: Path, came: Callable[[int], object]) -> None:
        self._outbox = Outbox(path)
        self._came = came

    def put(self, bodies: Sequence[bytes]) -> None:
        """Returns once the records are safe, all of them in one transaction.

        Raises:
            Overloaded: the disk takes no more; none of them is kept.
        """
        if bodies:
            self._outbox.put_bodies(bodies)
            # Here and not by who waits for the answer: that one may be gone, the records are not.
            self._came(len(bodies))

    def close(self) -> None:
        """Closes the connection."""
        self._outbox.close()
