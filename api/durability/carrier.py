"""One shipment: from an outbox into the registry.

A record is deleted from the outbox after the registry has acknowledged it, and the registry keeps
one document per prediction id, so a shipment that is repeated after a crash changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from pathlib import Path

from api.durability.outbox import Outbox
from api.durability.shipment_gate import Gate
from api.registry import Registry
from database.predictions import PredictionRepository
from model.errors import RegistryError

_log = logging.getLogger(__name__)


class Carrier:
    """Ships what waits in the outboxes of one task.

    Args:
        registry: the task's.
        folder: of the outboxes; an erasure closes its gate.
    """

    def __init__(self, registry: Registry, folder: Path) -> None:
        self._registry = registry
        self._gate = Gate(folder)

    async def carry(self, outbox: Outbox, most: int, *, shared: bool = False) -> bool:
        """Ships the oldest records; False where the registry, the disk, or an erasure, does not
        let it. Records that the disk does not let go of are shipped again, to no effect.

        Args:
            outbox: from where.
            most: records.
            shared: others write into the file meanwhile, so it may be locked for some milliseconds,
                which the event loop must not wait for.
        """
        with self._gate.passing() as free:
            if not free:
                return False
            bodies, last = outbox.oldest(most)
            if not bodies:
                return True
            try:
                await self._registry.run(PredictionRepository().add_json(bodies))
            except RegistryError:
                return False
            try:
                await self._forget(outbox, last, shared=shared)
            except sqlite3.Error as error:
                _tell(outbox, str(error))
                return False
        return True

    async def _forget(self, outbox: Outbox, last: int, *, shared: bool) -> None:
        if shared:
            # Counted here, where what comes is counted too: no thread may write over that.
            gone = await asyncio.to_thread(outbox.delete, last)
            outbox.rows -= gone
        else:
            outbox.drop(last)


def _tell(outbox: Outbox, fault: str) -> None:
    """Health looks at the outbox of a worker's own records alone, so the log says it of each."""
    if outbox.fault != fault:
        _log.warning("%s keeps what was shipped: %s", outbox.name, fault)
    outbox.fault = fault
