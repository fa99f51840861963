"""Durable before the answer: a prediction is acknowledged once its record is safe.

At rest a record goes straight into the registry, together with those that came in meanwhile. When
the registry is away, slower than the bound, or would be asked for many small writes a second, the
record goes into this worker's outbox instead, and is shipped in bulk (`api.durability.shipper`).
Direct writing resumes once the outbox is empty, so records of one worker arrive in order. While the
disk takes nothing the registry is the only safe place, and is waited for longer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from api.durability.outbox import Outbox
from api.http.problems import log_unexpected
from api.registry import Registry
from database.predictions import PredictionRepository
from model.errors import Overloaded, RegistryError
from model.prediction import Prediction

FLUSH_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class LogPolicy:
    """The bounds.

    Attributes:
        wait_seconds: longest time an answer waits for the registry before the outbox takes over.
        direct_per_second: from this rate on, a worker writes locally and ships in bulk.
        most_waiting: records of one worker in memory.
        most_rows: records of one worker in its outbox.
        last_seconds: how much longer an answer waits for the registry where the outbox takes
            nothing.
    """

    wait_seconds: float = 0.05
    direct_per_second: int = 100
    most_waiting: int = 5_000
    most_rows: int = 500_000
    last_seconds: float = 1.0


Told = Callable[[Overloaded | None], None]
"""What is to be done once a record is safe, or with the reason why it is not."""


@dataclass(slots=True)
class _Batch:
    records: list[Prediction] = field(default_factory=list)
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    settled: bool = False

    def release(self, error: Overloaded | None = None) -> None:
        """Lets everybody go on who waits; one who went away is not waited for."""
        self.settled = True
        # A write that comes to its end after the outbox took over releases what was released.
        told, self.told = self.told, []
        for tell in told:
            try:
                tell(error)
            except Exception as fault:  # noqa: BLE001  the others' records are safe all the same
                log_unexpected(fault)
        for safe in self.waiting:
            if safe.done():
                continue
            if error is None:
                safe.set_result(None)
            else:
                safe.set_exception(error)


class PredictionLog:
    """The log of one worker; used from its event loop only.

    Attributes:
        spilling: whether records go into the outbox.
        wake: set when the outbox has something to ship.
        written: records this worker was given so far.
        pressure: seconds that each answer is held back, so that shipping keeps up.
        refusing: the last records found no safe place, neither the registry nor the outbox.
    """

    def __init__(self, registry: Registry, outbox: Outbox, policy: LogPolicy) -> None:
        self.spilling = outbox.rows > 0
        self.wake = asyncio.Event()
        self.written = 0
        self.pressure = 0.0
        self.refusing = False
        self._registry = registry
        self._outbox = outbox
        self._policy = policy
        self._gathering: _Batch | None = None
        self._flying: _Batch | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._second = 0.0
        self._in_second = 0
        if self.spilling:
            self.wake.set()

    @property
    def waiting(self) -> int:
        """Records in memory that are not safe yet."""
        return sum(len(b.records) for b in (self._gathering, self._flying) if b is not None)

    async def write(self, prediction: Prediction) -> None:
        """Returns once the record is safe.

        Raises:
            Overloaded: no room for another record, or nowhere to keep it.
        """
        await self.write_many((prediction,))

    async def write_many(self, records: tuple[Prediction, ...]) -> None:
        """Returns once all records are safe.

        Raises:
            Overloaded: no room for them, or nowhere to keep them.
        """
        loop = asyncio.get_running_loop()
        safe = loop.create_future()
        self._gather(records, loop).waiting.append(safe)
        await safe
        if self.pressure:
            await asyncio.sleep(self.pressure)

    def keep(self, prediction: Prediction, told: Told, loop: asyncio.AbstractEventLoop) -> None:
        """As `write`, for whoever need not be a coroutine: calls back once the record is safe.

        Raises:
            Overloaded: no room for it; nothing is kept, and nobody is called.
        """
        self._gather((prediction,), loop).told.append(told)

    def _gather(self, records: tuple[Prediction, ...], loop: asyncio.AbstractEventLoop) -> _Batch:
        """Puts records into the batch that is being gathered."""
        if self._outbox.rows >= self._policy.most_rows:
            raise Overloaded("too many predictions wait for the registry")
        if not self.spilling:
            self._count(len(records), loop.time())
        batch = self._gathering
        if batch is None:
            batch = self._gathering = self._open_batch(loop)
        elif len(batch.records) + len(records) > self._policy.most_waiting:
            raise Overloaded("too many predictions wait to be kept")
        batch.records.extend(records)
        self.written += len(records)
        return batch

    async def flush(self) -> None:
        """Returns once nothing in memory is waiting to be safe."""
        while self.waiting:
            await asyncio.sleep(FLUSH_SECONDS)

    def drained(self) -> None:
        """The outbox is empty: direct writing may resume."""
        self.spilling = False
        self.wake.clear()

    def _open_batch(self, loop: asyncio.AbstractEventLoop) -> _Batch:
        self.spilling = self.spilling or self._in_second > self._policy.direct_per_second
        if self._locally:
            # By the next turn of the loop all requests of this turn are in the batch.
            loop.call_soon(self._spill_gathering)
        elif self._flying is None:
            loop.call_soon(self._fly)
        return _Batch()

    @property
    def _locally(self) -> bool:
        """Whether records go into the outbox, and it takes them."""
        return self.spilling and self._outbox.fault is None

    def _count(self, number: int, now: float) -> None:
        """Counts records and not batches: a slow registry makes few batches of many callers."""
        if now - self._second >= 1.0:
            self._second, self._in_second = now, 0
        self._in_second += number

    def _spill_gathering(self) -> None:
        batch, self._gathering = self._gathering, None
        if batch is not None and self._spill(batch) is not None:
            self._gathering = batch
            self._fly()  # Or what flies takes it along when it ends.

    def _spill(self, batch: _Batch) -> Overloaded | None:
        """Keeps a batch in the outbox; why it does not take it, where it does not."""
        self.spilling = True
        self.wake.set()
        try:
            self._outbox.put(batch.records)
        except Overloaded as error:
            return error
        self.refusing = False
        batch.release()
        return None

    def _fly(self) -> None:
        if self._flying is None and self._gathering is not None:
            self._flying, self._gathering = self._gathering, None
            self._keep(asyncio.create_task(self._flight(self._flying)))

    def _keep(self, task: asyncio.Task[None]) -> None:
        """Keeps a task until it is done; the loop itself would let it go."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _flight(self, batch: _Batch) -> None:
        writing = asyncio.create_task(self._write(batch))
        self._keep(writing)
        # The write is left to finish on its own: what it wrote after all is shipped again to no
        # effect, while a cancelled one would cost its connection.
        await asyncio.wait({writing}, timeout=self._policy.wait_seconds)
        if not batch.settled and (full := self._spill(batch)) is not None:
            await asyncio.wait({writing}, timeout=self._policy.last_seconds)
            if not batch.settled:
                self.refusing = True
                batch.release(full)
        self._flying = None
        if self._gathering is not None:
            if self._locally:
                self._spill_gathering()
            else:
                self._fly()

    async def _write(self, batch: _Batch) -> None:
        try:
            await self._registry.run(PredictionRepository().add_many(batch.records))
        except RegistryError:
            return  # The batch is not safe: the outbox takes it.
        self.refusing = False
        batch.release()
