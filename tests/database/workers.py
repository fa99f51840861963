"""What the processes of the concurrency tests do; each is a module-level function to be spawned."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from database.aliases import AliasRepository
from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import Op
from database.embedded import lifecycle
from database.predictions import PredictionRepository
from database.promotions import PromotionRepository
from database.versions import ModelVersionRepository
from model.errors import Conflict, RegistryError
from model.prediction import Prediction
from tests.database.builders import model_version, outcome, prediction, promotion
from tests.database.histories import END, Event, Observed, Reported, moment_of


def promote_often(uri: str, db: str, name: str, times: int) -> None:
    """Promotes its own version that many times, looking again whenever it was too late."""
    with open_registry(uri, db) as registry:
        done = 0
        while done < times:
            done += _promote(registry, f"{name}-{done}")


def _promote(registry: SyncRegistry, promotion_id: str) -> bool:
    champion = registry.run(AliasRepository().find("champion"))
    serving = champion.version if champion else None
    revision = champion.revision if champion else 0
    wanted = promotion(promotion_id, f"v-{promotion_id}", serving, datetime.now(UTC))
    try:
        registry.run(PromotionRepository().promote(wanted, expected_revision=revision))
    except Conflict:
        return False
    return True


def register_often(uri: str, db: str, times: int) -> None:
    """Registers that many versions under whatever numbers are free."""
    with open_registry(uri, db) as registry:
        for _ in range(times):
            registry.run(ModelVersionRepository().register(model_version))


def predict_through_crashes(home: str, db: str, name: str, times: int, told: str) -> None:
    """Writes predictions one by one and notes each that was acknowledged.

    Whoever finds the server gone starts it again; an unacknowledged write is sent again.
    """
    folder = Path(home)
    with Path(told).open("a", buffering=1) as acknowledged:
        registry = open_registry(lifecycle.ensure_running(folder), db, timeout_ms=500)
        for number in range(times):
            while True:
                try:
                    registry.run(PredictionRepository().add_many([prediction(f"{name}-{number}")]))
                    break
                except RegistryError:
                    registry.close()
                    uri = lifecycle.ensure_running(folder)
                    registry = open_registry(uri, db, timeout_ms=500)
            acknowledged.write(f"{name}-{number}\n")
        registry.close()


def ensure(home: str, told: str) -> None:
    """Makes sure that the server runs, and notes where."""
    uri = lifecycle.ensure_running(Path(home))
    with Path(told).open("a") as file:
        file.write(f"{uri}\n")


def predict_until_acknowledged(uri: str, db: str, name: str, times: int, told: str) -> None:
    """As `predict_through_crashes`, on a server that somebody else starts again."""
    with (
        Path(told).open("a", buffering=1) as acknowledged,
        open_registry(uri, db, timeout_ms=2_000) as registry,
    ):
        for number in range(times):
            one = prediction(f"{name}-{number}")
            while not _acknowledged(registry, one):
                time.sleep(0.05)
            acknowledged.write(f"{one.prediction_id}\n")


def _acknowledged(registry: SyncRegistry, one: Prediction) -> bool:
    return _done(registry, PredictionRepository().add_many([one]))


def _done(registry: SyncRegistry, op: Op[Any]) -> bool:
    try:
        registry.run(op)
    except RegistryError:
        return False
    return True


def told_of(students: int) -> tuple[Event, ...]:
    """A record and an outcome of each student, then of each another record and a correction."""
    names = [f"s{number}" for number in range(students)]
    return tuple(
        event
        for grade, value in ((1.0, 1.0), (2.0, 0.0))
        for name in names
        for event in (
            Observed(name, "2022", grade),
            Reported(((outcome(value, END, student_id=name, period="2022"), 0),)),
        )
    )


def tell_until_acknowledged(uri: str, db: str, students: int, told: str) -> None:
    """Tells of so many students, each event until it is acknowledged, and notes that."""
    with (
        Path(told).open("a", buffering=1) as acknowledged,
        open_registry(uri, db, timeout_ms=2_000) as registry,
    ):
        for position, event in enumerate(told_of(students)):
            while not _done(registry, event.tell(moment_of(position))):
                time.sleep(0.05)
            acknowledged.write(f"{position}\n")


if __name__ == "__main__":
    task, *given = sys.argv[1:]
    values = [int(value) if value.isdigit() else value for value in given]
    globals()[task](*values)
