"""Predictions that were answered and wait on this host in outboxes which no process has."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from api.durability.outbox import PATTERN, Outbox, slot_of, waiting
from api.durability.shipment_gate import Gate
from api.durability.shipper import SHIPMENT
from api.durability.worker_slots import dead_slot
from database.driver.client import SyncRegistry
from database.predictions import PredictionRepository
from model.errors import RegistryError

OUTBOX = "outbox"


@dataclass(frozen=True, slots=True)
class Stray:
    """What became of predictions whose process is gone.

    Attributes:
        shipped: that are in the registry now.
        left: that still wait.
        nobodys: task that this host does not serve to how many wait in its folder.
    """

    shipped: int
    left: int
    nobodys: dict[str, int]

    def told(self) -> str:
        """The same in a sentence.

        >>> Stray(3, 0, {"exams": 2}).told()
        '3 shipped; 2 of exams, which this host does not serve, wait in its folder'
        """
        parts = [f"{self.shipped} shipped"] if self.shipped else []
        parts += [f"{self.left} could not be shipped and wait"] if self.left else []
        parts += [
            f"{rows} of {task}, which this host does not serve, wait in its folder"
            for task, rows in self.nobodys.items()
        ]
        return "; ".join(parts) or "no prediction waits whose process is gone"


def ship(outboxes: Path, workers: Path, open_registry: Callable[[], SyncRegistry]) -> Stray:
    """Ships what waits in a task's outboxes of dead slots; those of live workers are theirs.

    Args:
        outboxes: the task's folder of outboxes.
        workers: the folder of the host's slots.
        open_registry: opens the task's registry; asked only where something waits.

    Raises:
        FarolError: the registry cannot be opened.
        sqlite3.Error: a file cannot be read.
    """
    if not outboxes.is_dir() or not waiting(outboxes):
        return Stray(0, 0, {})
    shipped = left = 0
    with open_registry() as registry:
        gate = Gate(outboxes)
        for path in sorted(outboxes.glob(PATTERN)):
            with dead_slot(workers, slot_of(path)) as dead:
                if not dead:
                    continue
                outbox = Outbox(path)
                try:
                    before = outbox.rows
                    _empty(outbox, gate, registry)
                    shipped += before - outbox.rows
                    left += outbox.rows
                finally:
                    outbox.close()
    return Stray(shipped, left, {})


def nobodys(tasks: Path, served: Collection[str]) -> dict[str, int]:
    """Task to how many predictions wait in its folder, of tasks that nobody serves on this host.

    Args:
        tasks: the folder that holds one folder per task.
        served: by their names.
    """
    folders = [path for path in sorted(tasks.glob(f"*/{OUTBOX}")) if path.parent.name not in served]
    found = {path.parent.name: waiting(path) for path in folders}
    return {task: rows for task, rows in found.items() if rows}


def _empty(outbox: Outbox, gate: Gate, registry: SyncRegistry) -> None:
    while outbox.rows:
        with gate.passing() as free:
            if not free:
                return  # An erasure is at it.
            bodies, last = outbox.oldest(SHIPMENT)
            if not bodies:
                return
            try:
                registry.run(PredictionRepository().add_json(bodies))
            except RegistryError:
                return
            outbox.drop(last)
