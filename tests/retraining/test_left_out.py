"""What the window has no room for is said wherever the run is told of."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from model.options import RunOptions
from preprocessing.task.policies import TrainingPolicy
from retraining.run.report import render
from tests.retraining.school import READING, run, teach

MEASURED_ROWS = 100_000
"""The largest window of the table in docs/training.md."""


def shown(result: object) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(result)
    return captured.get()


@pytest.mark.slow
def test_labels_that_the_window_leaves_out_are_told_by_count_and_period(
    registry: SyncRegistry, home: Path
) -> None:
    for period, n in (("2021", 150), ("2022", 200), ("2023", 300)):
        teach(registry, period, READING, n=n)

    result = run(registry, home, options=RunOptions(window=400))

    told = "250 older labelled records left out (2021: 150, 2022: 100)"
    version = registry.run(ModelVersionRepository().get("v1"))
    steps = {step.name: step.detail for step in registry.run(RunRepository().get("run-1")).steps}
    assert result.left_out == version.window.left_out == {"2021": 150, "2022": 100}
    assert f"{told}: training.window is 400" in steps["window"]
    assert told in shown(render(result))
    assert result.to_mapping()["left_out"] == {"2021": 150, "2022": 100}
    assert version.card is not None
    card = registry.run(ArtifactRepository().get(version.card.markdown)).decode()
    assert (
        "| older labelled records left out by training.window | 250 (2021: 150, 2022: 100) |"
        in (card)
    )


def test_a_dry_run_tells_what_it_leaves_out_too(registry: SyncRegistry, home: Path) -> None:
    teach(registry, "2022", READING, n=200)
    teach(registry, "2023", READING, n=300)

    result = run(registry, home, options=RunOptions(window=300, dry_run=True))

    assert result.left_out == {"2022": 200}


def test_nothing_is_said_where_the_window_holds_all(registry: SyncRegistry, home: Path) -> None:
    teach(registry, "2022", READING)

    result = run(registry, home)

    assert result.left_out == {}
    assert "left out" not in shown(render(result))


def test_the_default_window_is_the_largest_that_was_measured() -> None:
    assert TrainingPolicy().window == MEASURED_ROWS
