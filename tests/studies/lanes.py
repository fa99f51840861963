"""What a budget per lane buys and costs: `python -m tests.studies.lanes [FOLDER]`.

A model learns from the first pair of years and is asked about the second. The same number of
students is flagged in every row (as many as were at risk among the training records); the rows
differ in how much of that room those who are not at risk now get. Nothing is chosen by the judged
outcomes: family and settings are the task's first booster, and all splits of the room are shown.
`FOLDER` holds the PEDE files; without it two generated schools alone are shown.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from preprocessing.cohorts.scenarios import Scenario
from preprocessing.cohorts.write import write_cohorts
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.files.loading import read_tables
from preprocessing.lanes import Lanes, new_cases
from preprocessing.pairing import paired
from preprocessing.task.spec import TaskSpec, load_task
from training.metrics import flags_at
from training.train import fit

NOW = datetime(2030, 1, 1, tzinfo=UTC)
PARTS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
FAMILY = "lightgbm"
SEEDS = range(3)
GENERATED = ((Scenario.LASTING, 1), (Scenario.STEADY, 2))


def years(paths: Sequence[Path], task: TaskSpec) -> tuple[TrainingSet, TrainingSet]:
    """The first pair of years to learn from, and the second."""
    labels = paired([table for path in paths for table in read_tables(path, task, now=NOW)])
    first, second = sorted({label.period for label in labels})[:2]
    return (
        training_set([label for label in labels if label.period == first], []),
        training_set([label for label in labels if label.period == second], []),
    )


def table(train: TrainingSet, test: TrainingSet, task: TaskSpec) -> Iterator[str]:
    """One row per split of the room; figures are means over the seeds of the fit."""
    new = new_cases(test.records, task)
    assert new is not None
    share = float(train.outcome.mean())
    scored = [
        fit(train, task, seed=seed, family=FAMILY, repeats=1, progress=lambda _: None).score(
            test.records
        )
        for seed in SEEDS
    ]
    orders = {"one budget": list(scored)} | {
        f"{part:.0%} of the room": [
            Lanes(new, share * (1 - part), share * part).order(scores) for scores in scored
        ]
        for part in PARTS
    }
    at_risk = test.outcome == 1
    yield (
        f"{len(test)} students, {int(at_risk.sum())} at risk, {int((at_risk & new).sum())} of them "
        f"new; {share:.0%} flagged"
    )
    yield "| to new cases | all found | of the known | of the new | right | new flagged, right |"
    yield "|---|---|---|---|---|---|"
    for name, found in orders.items():
        flags = np.array([flags_at(order, share) for order in found])
        of_new = float(flags[:, new].sum(axis=1).mean())
        cells = (
            flags[:, at_risk].mean(),
            flags[:, at_risk & ~new].mean(),
            flags[:, at_risk & new].mean(),
            flags[:, at_risk].sum() / flags.sum(),
        )
        right = flags[:, at_risk & new].sum() / max(1.0, flags[:, new].sum())
        told = " | ".join(f"{cell:.1%}" for cell in cells)
        yield f"| {name} | {told} | {of_new:.0f}, {right:.0%} |"


def main(arguments: Sequence[str]) -> int:
    """Prints a table per school."""
    task = load_task("pede_lag")
    schools: dict[str, Sequence[Path]] = {}
    if arguments:
        folder = Path(arguments[0])
        schools["PEDE"] = [folder / f"pede_{year}.csv" for year in (2022, 2023, 2024)]
    with tempfile.TemporaryDirectory(prefix="farol-lanes-") as made:
        for scenario, seed in GENERATED:
            below = Path(made) / f"{scenario}-{seed}"
            schools[f"generated: {scenario}"] = write_cohorts(below, seed=seed, scenario=scenario)
        for name, paths in schools.items():
            sys.stdout.write(f"\n{name}: ")
            for line in table(*years(paths, task), task):
                sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
