"""What helps on the PEDE files: `python -m tests.benchmarks.pede {choose,test,history} [FOLDER]`.

`choose` holds students out in ways that resemble the step to another year, and never opens the file
of 2024. `test` gives figures on 2024 over ten seeds: the default's, those of other families, and
those of a model retrained on both pairs of years. `history` cross-validates both years with and
without longitudinal features and missingness flags.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.figures import auc
from model.student import Features
from preprocessing import encoded_columns
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.encoder import FeatureEncoder
from preprocessing.files.loading import CleanTable, read_tables
from preprocessing.pairing import paired
from preprocessing.task.spec import TaskSpec, load_task
from training.baselines import persistence
from training.candidates import candidate
from training.crossfit import out_of_fold
from training.kinds import KINDS
from training.metrics import average_precision, recall_at
from training.sample import sample_of
from training.split import each_fold, grouped_folds
from training.train import fit

Floats = NDArray[np.float64]
Folds = NDArray[np.intp]

DATA = Path(__file__).parents[3] / "shared" / "data"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SINGLE = ("logistic_regression", "random_forest", "extra_trees", "gradient_boosting")
BOOSTED = ("xgboost", "lightgbm")
INDICATORS = ("inde", "ida", "ieg", "ipv", "mat", "por", "defasagem")


def read(folder: Path, task: TaskSpec, years: Iterable[int]) -> list[CleanTable]:
    """The tables of those years and of no other."""
    return [t for y in years for t in read_tables(folder / f"pede_{y}.csv", task, now=NOW)]


def changed(task: TaskSpec, **more: object) -> TaskSpec:
    """The task with other keys."""
    return TaskSpec.model_validate(task.model_dump() | more)


def free(task: TaskSpec) -> TaskSpec:
    """The task without monotone constraints."""
    without = {"monotone": 0}
    return changed(
        task,
        features=[c.model_copy(update=without) for c in task.reported],
        derived=[d.model_copy(update=without) for d in task.derived],
    )


def dealt(data: TrainingSet, task: TaskSpec, seed: int) -> Folds:
    """The fold of each record by its student, as Farol deals them."""
    return grouped_folds(data.outcome, data.students, task=task.name, seed=seed)


def splits(data: TrainingSet, tables: Sequence[CleanTable], task: TaskSpec) -> dict[str, Folds]:
    """Fold of each record (-1: never held out), by what sets the folds apart."""
    bins: Mapping[str, Sequence[float]] = {"fase": (1, 2, 3, 4), "anos_programa": (1, 2, 3, 5)}
    found = {f"students {s}": dealt(data, task, s) for s in range(5)}
    for name, edges in bins.items():
        values = [float(r.get(name, -1)) for r in data.records]
        found[name] = np.digitize(values, edges)
    later = [o.features for t in tables for o in t.observations if o.period == "2023"]
    like = likeness(data, later, task)
    found["most like 2023"] = np.where(like >= np.quantile(like, 2 / 3), 0, -1)
    return found


def likeness(data: TrainingSet, later: Sequence[Features], task: TaskSpec) -> Floats:
    """Log-odds that a record is of 2023, from the features of both years alone, shape (n,)."""
    marks = {"ipp", "n_avaliacoes"}  # Not surveyed, or not alike: they would give the year away.
    both = [{k: v for k, v in r.items() if k not in marks} for r in (*data.records, *later)]
    outcome = np.repeat([0.0, 1.0], [len(data), len(later)])
    ids = np.array([str(i) for i in range(len(both))])
    known = TrainingSet(tuple(both), outcome, ids, ids, {})
    return margins(
        "ridge", known, free(task), grouped_folds(outcome, ids, task=task.name, seed=0), 0
    )[: len(data)]


def margins(family: str, data: TrainingSet, task: TaskSpec, fold: Folds, seed: int) -> Floats:
    """Held-out margins, NaN where never held out, shape (n,)."""
    known, result = candidate(family), np.full(len(data), np.nan)
    for _, held in each_fold(fold):
        train = data.take(fold != fold[held[0]])
        encoder = FeatureEncoder.fit(task, train.records)
        scorer = known.train(sample_of(train, encoder, task), known.params, seed)
        result[held] = scorer.margin(encoder.encode_many([data.records[i] for i in held]))
    return result


def first_time(data: TrainingSet) -> NDArray[np.bool_]:
    """Who is not at risk in the year of the features."""
    return np.array([float(r.get("defasagem", -1)) >= 0 for r in data.records])


def four(outcome: Floats, scores: Floats, first: NDArray[np.bool_]) -> list[float]:
    """AUC, average precision, recall near the budget, AUC of those not at risk before."""
    found = KINDS["binary"].figures(outcome, scores, None)
    return [
        found["auc"], found["average_precision"], found["objective"],
        auc(outcome[first], scores[first]),
    ]  # fmt: skip


def choose(folder: Path) -> Iterator[str]:
    task = load_task("pede_lag")
    tables = read(folder, task, (2022, 2023))
    data = training_set(paired(tables), [])
    first, ways = first_time(data), splits(data, tables, task)
    tried = [(f, False) for f in SINGLE] + [(f, held) for f in BOOSTED for held in (False, True)]
    for family, held in tried:
        of = task if held else free(task)
        result: dict[str, list[list[float]]] = {}
        for name, fold in ways.items():
            scores = margins(family, data, of, fold, 0)
            at = ~np.isnan(scores)
            way = name.rstrip("01234 ")
            result.setdefault(way, []).append(four(data.outcome[at], scores[at], first[at]))
        means = {way: np.mean(rows, axis=0) for way, rows in result.items()}
        told = "; ".join(f"{w} {' '.join(f'{v:.3f}' for v in m)}" for w, m in means.items())
        mean = np.mean(list(means.values()))
        yield f"{family}{' monotone' if held else ''}: mean {mean:.4f}; {told}"


def test(folder: Path) -> Iterator[str]:
    task = load_task("pede_lag")
    data = training_set(paired(read(folder, task, (2022, 2023, 2024))), [])
    known, later = data.take(data.periods == "2022"), data.take(data.periods == "2023")
    yield from _over_seeds("default", known, later, task, None)
    rule = persistence(known, later, task)
    if rule is not None:
        yield f"persistence: {_written(five(later, rule))}"
    yield from _over_seeds("lightgbm, free", known, later, free(task), "lightgbm")
    for family in ("xgboost", "random_forest", "gradient_boosting"):
        yield from _over_seeds(f"{family}, free", known, later, free(task), family)
    for seed in range(4):
        scores = out_of_fold(data, task, seed=seed, progress=lambda line: None)
        found = five(later, scores[data.periods == "2023"])
        yield f"retrained, out of fold, seed {seed}: {_written(found)}"


def five(later: TrainingSet, scores: Floats) -> list[float]:
    """AUC, average precision, recall where as many are flagged as are at risk, and of new cases.

    New cases are those not at risk in the year of the features: recall among them at the same line,
    and AUC. Equal scores at the line share what is left of it.
    """
    y, first = later.outcome, first_time(later)
    line = np.sort(scores)[::-1][int(y.sum()) - 1]
    above, at = scores > line, scores == line
    flagged = above + at * (y.sum() - above.sum()) / at.sum()
    return [
        auc(y, scores), average_precision(y, scores), recall_at(y, scores, float(y.mean())),
        float((flagged * y)[first].sum() / y[first].sum()), auc(y[first], scores[first]),
    ]  # fmt: skip


def _over_seeds(
    name: str, known: TrainingSet, later: TrainingSet, task: TaskSpec, family: str | None
) -> Iterator[str]:
    rows = []
    for seed in range(10):
        model = fit(known, task, seed=seed, family=family, progress=lambda line: None)
        rows.append(five(later, model.score(later.records)))
        yield f"{name}, seed {seed}: {model.family} {_written(rows[-1])}"
    mean, spread = np.mean(rows, axis=0).tolist(), np.std(rows, axis=0).tolist()
    yield f"{name}: mean {_written(mean)}, deviation {_written(spread)}"


def _written(figures: Sequence[float]) -> str:
    return " ".join(f"{v:.4f}" for v in figures)


def history(folder: Path) -> Iterator[str]:
    task = load_task("pede_lag")
    tables = read(folder, task, (2022, 2023, 2024))
    plan = {"features": INDICATORS}
    for name, of in (("as it is", task), ("longitudinal", changed(task, longitudinal=plan))):
        yield from _both_years(name, of, tables)
    encoded_columns.FLAG_SHARE = 2.0  # No share is that large, so nothing is flagged.
    yield from _both_years("without flags", task, tables)


def _both_years(name: str, task: TaskSpec, tables: Sequence[CleanTable]) -> Iterator[str]:
    data = training_set(paired(tables, task.longitudinal), [])
    later = data.periods == "2023"
    for family in ("lightgbm", "logistic_regression", "random_forest"):
        rows = []
        for seed in range(5):
            fold = dealt(data, task, seed)
            scores = margins(family, data, task, fold, seed)[later]
            y = data.outcome[later]
            rows.append([
                auc(y, scores), average_precision(y, scores), recall_at(y, scores, float(y.mean())),
            ])  # fmt: skip
        mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0)
        told = " ".join(f"{m:.3f}±{s:.3f}" for m, s in zip(mean, spread, strict=True))
        yield f"{name}, {family}: {told}"


def main(arguments: Sequence[str]) -> int:
    """Prints one part; 2 for a usage that is not understood."""
    parts = {"choose": choose, "test": test, "history": history}
    if not 1 <= len(arguments) <= 2 or arguments[0] not in parts:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    for line in parts[arguments[0]](Path(arguments[1]) if arguments[1:] else DATA):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
