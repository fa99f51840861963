"""Brings what waits in the outboxes into the registry: in order, each record exactly once.

What a shipment is: `api.durability.carrier`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from api.durability.carrier import Carrier
from api.durability.outbox import PATTERN, Outbox, slot_of
from api.durability.prediction_log import PredictionLog
from api.durability.worker_slots import dead_slot
from api.registry import Registry

SHIPMENT = 100
"""Records a shipment: near the registry's bulk rate, and few milliseconds of this event loop."""

SMALL_SHIPMENT = 25
"""While requests come in: a quarter of the wait for one that arrives meanwhile."""

GATHER_SECONDS = 0.05
"""How long a small shipment waits for more, so that a busy worker ships in bulk."""

REST = 20.0
"""While requests come in, how many times its own duration a shipment rests: answers go first."""

LONGEST_REST = 0.5
"""Seconds; a registry that was slow once is not left alone for long."""

FULL_ROWS = 50_000
"""With this many records waiting a worker rests no more, so what waits stays bounded."""

MOST_PRESSURE = 0.05
"""Seconds an answer is held back at most, with twice that many waiting."""

RETRY_SECONDS = 0.5
ADOPT_SECONDS = 2.0
CHECKPOINT_ROWS = 2_000
"""A write-ahead log of some megabytes stays in the page cache; a long one makes commits slower."""

_log = logging.getLogger(__name__)


def rest(seconds: float, rows: int, full: int = FULL_ROWS) -> float:
    """Seconds to rest after a shipment that took `seconds` and left `rows` in the outbox.

    Shipping costs the host more than answering does. In a burst it steps back, so that answers stay
    quick; the more is waiting the less it rests, from `full` records on not at all, so that what
    waits is bounded.

    >>> rest(0.01, 0), rest(0.01, FULL_ROWS // 2), rest(0.01, 2 * FULL_ROWS)
    (0.2, 0.1, 0.0)
    """
    return min(LONGEST_REST, seconds * REST * max(0.0, 1.0 - rows / full))


def pressure(rows: int) -> float:
    """Seconds to hold each answer back with so many records in the outbox.

    Callers that wait for their answers then ask no faster than the registry takes.

    >>> pressure(FULL_ROWS), pressure(FULL_ROWS + FULL_ROWS // 2)
    (0.0, 0.025)
    """
    return MOST_PRESSURE * min(1.0, max(0, rows - FULL_ROWS) / FULL_ROWS)


class Shipper:
    """Ships one worker's outbox, and those of workers that died and were not replaced."""

    def __init__(
        self, registry: Registry, log: PredictionLog, outbox: Outbox, workers: Path, folder: Path
    ) -> None:
        self._log = log
        self._outbox = outbox
        self._workers = workers
        self._folder = folder
        self._carrier = Carrier(registry, outbox.folder)
        self._leaving = False

    async def ship(self) -> None:
        """Ships whenever there is something, until cancelled."""
        resting, checkpointed = 0.0, 0
        while True:
            await self._log.wake.wait()
            if self._outbox.rows < SHIPMENT:
                await asyncio.sleep(GATHER_SECONDS)
            written, started = self._log.written, time.perf_counter()
            shipped = await self._carrier.carry(
                self._outbox, SMALL_SHIPMENT if resting else SHIPMENT
            )
            if shipped and self._outbox.rows == 0:
                self._log.drained()
            # While the registry is away, to hold answers back would help nobody.
            self._log.pressure = pressure(self._outbox.rows) if shipped else 0.0
            asked = self._log.written > written and not self._leaving
            resting = rest(time.perf_counter() - started, self._outbox.rows) if asked else 0.0
            await asyncio.sleep(resting if shipped else RETRY_SECONDS)
            if self._log.written - checkpointed >= CHECKPOINT_ROWS:
                checkpointed = self._log.written
                await asyncio.to_thread(self._outbox.checkpoint)

    async def adopt(self) -> None:
        """Ships what workers without a successor left, until cancelled."""
        while True:
            for path in sorted(self._folder.glob(PATTERN)):
                with dead_slot(self._workers, slot_of(path)) as dead:
                    if dead:
                        await self._empty(path)
            await asyncio.sleep(ADOPT_SECONDS)

    async def drain(self, seconds: float) -> bool:
        """Waits until this worker's outbox is empty; False if it is not in that time."""
        self._leaving = True
        deadline = asyncio.get_running_loop().time() + seconds
        while self._outbox.rows and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.01)
        return self._outbox.rows == 0

    async def _empty(self, path: Path) -> None:
        outbox = Outbox(path)
        try:
            while outbox.rows and await self._carrier.carry(outbox, SHIPMENT):
                pass
        finally:
            outbox.close()
