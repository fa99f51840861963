"""`python -m tests.benchmarks.training_choices`: what tuning, class weights and CatBoost bring.

On PEDE 2022→2023 by nested cross-validation (everything chosen anew inside each fold), and, for
class weights, on generated students of whom 3 % are at risk. Every line is one way of training.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from preprocessing.dataset import TrainingSet, training_set
from preprocessing.files.loading import read_tables
from preprocessing.pairing import paired
from preprocessing.task.spec import TaskSpec, load_task
from training import candidates
from training.calibrate import calibrate
from training.candidates import candidate
from training.crossfit import out_of_fold
from training.kinds import KINDS
from training.metrics import evaluate
from training.sample import Sample
from training.tuning.budget import Budget

DATA = Path(__file__).parents[3] / "shared" / "data"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FAMILIES = ("logistic_regression", "random_forest", "xgboost", "lightgbm")
WEIGHTS = ("none", "balanced")
RARE = 0.03
SHOWN = ("objective", "recall", "auc", "average_precision", "calibration_error", "seconds")

Array = NDArray[np.float64]
Row = Mapping[str, float]


def main() -> None:
    """Prints one Markdown table after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.training_choices")
    parser.add_argument("--trials", type=int, default=30, metavar="N")
    parser.add_argument("--seeds", type=int, default=6, metavar="N")
    parser.add_argument("--data", type=Path, default=DATA, metavar="FOLDER")
    arguments = parser.parse_args()
    task, data = _pede(arguments.data)
    seeds = range(arguments.seeds)
    _head("PEDE 2022→2023, nested cross-validation")
    for trials in (0, arguments.trials):
        _line(f"{trials} trials", [_nested(data, task, seed, trials=trials) for seed in seeds])
    balanced = task.training.model_copy(update={"class_weight": "balanced"})
    weighed = task.model_copy(update={"training": balanced})
    _line("balanced", [_nested(data, weighed, seed) for seed in seeds])
    known = {family.name: family for family in candidates.FAMILIES}
    for family in ("lightgbm", "catboost"):
        if known[family].installed:
            _line(f"{family} alone", [_nested(data, task, s, family=family) for s in seeds])
    _head(f"generated, {RARE:.0%} at risk, 5,000 to learn from")
    for family in FAMILIES:
        for weight in WEIGHTS:
            _line(f"{family}, {weight}", [_rare(family, weight, seed) for seed in seeds])


def _pede(folder: Path) -> tuple[TaskSpec, TrainingSet]:
    """The first pair of years; the second one's outcomes are not looked at."""
    task = load_task("pede_lag")
    files = [folder / f"pede_{year}.csv" for year in (2022, 2023)]
    labels = paired([t for file in files for t in read_tables(file, task, now=NOW)])
    return task, training_set(labels, [column.name for column in task.protected])


def _nested(
    data: TrainingSet, task: TaskSpec, seed: int, *, trials: int = 0, family: str | None = None
) -> Row:
    began = perf_counter()
    scores = out_of_fold(
        data, task, seed=seed, progress=lambda _: None, family=family, budget=Budget(trials)
    )
    return _row(data.outcome, scores, perf_counter() - began)


def _rare(family: str, weight: str, seed: int) -> Row:
    """Trained, calibrated and tested on three draws of the same world."""
    rng = np.random.default_rng(seed)
    train, held, test = _draw(rng, 5_000), _draw(rng, 5_000), _draw(rng, 20_000)
    known, students = candidate(family), np.arange(5_000).astype(np.str_)
    began = perf_counter()
    scorer = known.train(Sample(*train, students), {**known.params, "class_weight": weight}, seed)
    seconds = perf_counter() - began
    line = calibrate(held[1], scorer.margin(held[0]))
    return _row(test[1], line.score(scorer.margin(test[0])), seconds)


def _draw(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    values = rng.normal(size=(n, 30)).astype(np.float32).astype(np.float64)
    margin = values[:, :6] @ np.array([1.2, -0.9, 0.7, 0.5, -0.4, 0.3])
    margin += 0.6 * values[:, 6] * values[:, 7] + rng.logistic(size=n)
    return values, (margin > np.quantile(margin, 1 - RARE)).astype(np.float64)


def _row(outcome: Array, scores: Array, seconds: float) -> Row:
    told = {**evaluate(outcome, scores), **KINDS["binary"].figures(outcome, scores, None)}
    return {**told, "seconds": seconds}


def _head(title: str) -> None:
    sys.stdout.write(f"\n| {title} | {' | '.join(SHOWN)} |\n|---|{'--:|' * len(SHOWN)}\n")


def _line(name: str, rows: list[Row]) -> None:
    """Means over the seeds, with the deviation of the objective."""
    mean = {key: float(np.mean([row[key] for row in rows])) for key in SHOWN}
    spread = float(np.std([row["objective"] for row in rows]))
    cells = [f"{mean['objective']:.4f} ± {spread:.4f}"]
    cells += [f"{mean[key]:.4f}" for key in SHOWN[1:-1]] + [f"{mean['seconds']:.1f}"]
    sys.stdout.write(f"| {name} | {' | '.join(cells)} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
