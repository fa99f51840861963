"""A run that stops before any single one of its writes, in process."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from database.aliases import CHAMPION, AliasRepository
from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import Command, Count, Find
from database.looks import LookRepository
from database.promotions import PromotionRepository
from database.versions import ModelVersionRepository
from model.promotion import DecisionStatus
from retraining.run.execution import execute
from tests.retraining.school import READING, START, SUMS, plan, run, task, teach

pytestmark = pytest.mark.long

NOW = START + timedelta(days=400)


class Dead(BaseException):
    """The process is no more: nothing catches this, nothing is written after it."""


class Mortal:
    """A registry that dies before its n-th write and answers nothing from then on."""

    def __init__(self, registry: SyncRegistry, writes: int) -> None:
        self.left = writes
        self._alive = registry.execute
        registry.execute = self.execute  # type: ignore[method-assign]

    def execute(self, command: Command) -> Any:
        if not isinstance(command, Find | Count):
            self.left -= 1
        if self.left < 0:
            raise Dead
        return self._alive(command)


def dies(uri: str, db: str, home: Path, writes: int) -> bool:
    """Whether a run with that many writes to live died."""
    with open_registry(uri, db) as registry:
        mortal = Mortal(registry, writes)
        try:
            execute(
                registry,
                plan(home, task(), run_id=f"run-dies-{writes}"),
                clock=lambda: NOW,
                say=lambda _: None,
            )
        except Dead:
            return True
        return mortal.left < 0


def test_a_run_that_dies_before_any_of_its_writes_breaks_nothing(
    embedded_uri: str, db: str, registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING)
    run(registry, home, run_id="run-0")
    teach(registry, "2023", SUMS, n=600)

    writes = 0
    while dies(embedded_uri, db, home, writes):
        alias = registry.run(AliasRepository().find(CHAMPION))
        assert alias is not None
        assert alias.version == registry.run(PromotionRepository().champion_at(NOW))
        if alias.version != "v1":
            break
        writes += 1

    assert writes > 12
    assert run(registry, home, run_id="run-last").status in DecisionStatus
    ledger = registry.run(PromotionRepository().newest())
    assert [p.revision for p in ledger if p.revision] == [2, 1]
    (look,) = registry.run(LookRepository().get("2023")).looks
    assert look.alpha == pytest.approx(0.05)
    numbers = [version.number for version in registry.run(ModelVersionRepository().newest())]
    assert numbers == list(range(len(numbers), 0, -1))
