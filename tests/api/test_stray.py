"""What a worker of the API left on its host is shipped, and what nobody serves is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.durability.__main__ import main
from api.durability.outbox import Outbox, outbox_path, waiting
from api.durability.shipment_gate import Gate
from api.durability.stray import Stray, nobodys, ship
from api.durability.worker_slots import claim
from database.driver.client import SyncRegistry
from database.predictions import PredictionRepository
from tests.api.test_prediction_log import prediction
from tests.database.drivers import MongomockRegistry


@pytest.fixture
def registry() -> SyncRegistry:
    return MongomockRegistry("farol")


@pytest.fixture
def outboxes(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "tasks" / "pede_lag" / "outbox"
    leave(folder, slot=3, number=120)
    yield folder


def leave(folder: Path, slot: int, number: int) -> None:
    box = Outbox(outbox_path(folder, slot))
    if number:
        box.put([prediction(f"RA-{i}") for i in range(number)])
    box.close()


def shipped(outboxes: Path, registry: SyncRegistry) -> Stray:
    return ship(outboxes, outboxes.parents[2] / "workers", lambda: registry)


def test_what_a_dead_process_left_is_in_the_registry_and_no_longer_on_the_host(
    outboxes: Path, registry: SyncRegistry
) -> None:
    found = shipped(outboxes, registry)

    assert found == Stray(120, 0, {})
    assert registry.run(PredictionRepository().count()) == 120
    assert waiting(outboxes) == 0


def test_what_a_living_worker_has_is_left_to_it(outboxes: Path, registry: SyncRegistry) -> None:
    slot = claim(outboxes.parents[2] / "workers")
    leave(outboxes, slot=slot.number, number=5)

    found = shipped(outboxes, registry)
    slot.release()

    assert found.shipped == 120
    assert waiting(outboxes) == 5


def test_while_a_student_is_erased_nothing_is_shipped(
    outboxes: Path, registry: SyncRegistry
) -> None:
    with Gate(outboxes).closed():
        assert shipped(outboxes, registry) == Stray(0, 120, {})

    assert registry.run(PredictionRepository().count()) == 0


def test_where_nothing_waits_no_registry_is_opened(tmp_path: Path) -> None:
    def refused() -> SyncRegistry:
        raise AssertionError("opened")

    (tmp_path / "outbox").mkdir()

    assert ship(tmp_path / "outbox", tmp_path / "workers", refused) == Stray(0, 0, {})
    assert ship(tmp_path / "none", tmp_path / "workers", refused) == Stray(0, 0, {})


def test_what_waits_for_a_task_that_nobody_serves_is_told(outboxes: Path) -> None:
    leave(outboxes.parents[1] / "retired" / "outbox", slot=0, number=2)
    leave(outboxes.parents[1] / "empty" / "outbox", slot=0, number=0)

    assert nobodys(outboxes.parents[1], ["pede_lag"]) == {"retired": 2}


def test_the_command_tells_what_is_nobodys_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAROL_HOME", str(tmp_path))
    leave(tmp_path / "tasks" / "retired" / "outbox", slot=0, number=2)

    code = main(["--json"])

    told = json.loads(capsys.readouterr().out)
    assert code == 1
    assert told["nobodys"] == {"retired": 2}
    assert told["told"] == "2 of retired, which this host does not serve, wait in its folder"
