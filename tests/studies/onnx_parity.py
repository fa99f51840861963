"""How far an ONNX file is from what is served: `python -m tests.studies.onnx_parity [TASK...]`.

Every family on PEDE and both examples, trained as a run would train it, and asked about every row
of the task's files, labelled or not, and about the same rows with a fifth of the values left out.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from deployment.onnx.running import OnnxScorer
from deployment.onnx.writing import written
from model.bundle import load_bundle
from model.student import Features
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.files.loading import CleanTable, read_tables
from preprocessing.pairing import paired
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec, load_task
from training.candidates import FAMILIES
from training.train import fit
from training.tuning.budget import Budget

DATA = Path(__file__).parents[3] / "shared" / "data"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILES: Mapping[str, Sequence[tuple[str, str | None]]] = {
    "pede_lag": [(f"pede_{year}.csv", None) for year in (2022, 2023, 2024)],
    "uci_student": [("uci_student_mat.csv", "2006")],
    "exam_scores": [("students_performance_in_exams.csv", "2018")],
}
LEFT_OUT = 0.2


@dataclass(frozen=True, slots=True)
class Parity:
    """One family on one task.

    Attributes:
        rows: asked about, whole and with values left out.
        farthest: largest difference of two scores.
        size: bytes of the file.
    """

    task: str
    family: str
    rows: int
    farthest: float
    size: int


def tables_of(task: TaskSpec) -> list[CleanTable]:
    """The task's files, cleaned."""
    return [
        table
        for name, period in FILES[task.name]
        for table in read_tables(DATA / name, task, now=NOW, period=period)
    ]


def labelled(task: TaskSpec, tables: Sequence[CleanTable]) -> TrainingSet:
    """The labelled records, of PEDE those of 2022 alone."""
    found = paired(tables)
    first = min(label.period for label in found)
    return training_set([label for label in found if label.period == first], [])


def parity(task: TaskSpec, family: str, data: TrainingSet, records: Sequence[Features]) -> Parity:
    """Trains a family, writes its file, and asks both."""
    rows = [*records, *thinned(records)]
    model = fit(data, task, seed=0, progress=_quiet, family=family, repeats=1, budget=Budget())
    with tempfile.TemporaryDirectory() as folder:
        model.write(Path(folder) / "bundle")
        predictor = Predictor(load_bundle(Path(folder) / "bundle"))
    file = written(predictor, "v1")
    off = np.abs(OnnxScorer(file).score_many(rows) - predictor.score_many(rows)).max()
    return Parity(task.name, family, len(rows), float(off), len(file))


def thinned(records: Sequence[Features]) -> list[Features]:
    """The records, each value left out with a chance of a fifth."""
    chance = random.Random(0)
    return [{k: v for k, v in one.items() if chance.random() >= LEFT_OUT} for one in records]


def _quiet(_: str) -> None:
    return None


def main(names: Sequence[str]) -> None:
    """Prints the table."""
    sys.stdout.write("| task | family | rows | farthest | file, kB |\n|---|---|--:|--:|--:|\n")
    for name in names or FILES:
        task = load_task(name)
        tables = tables_of(task)
        data = labelled(task, tables)
        records = [one.features for table in tables for one in table.observations]
        for family in FAMILIES:
            if not family.installed or not (family.numeric or task.outcome.kind != "numeric"):
                continue
            found = parity(task, family.name, data, records)
            cells = found.task, found.family, f"{found.rows:,}", f"{found.farthest:.1g}"
            sys.stdout.write(f"| {' | '.join(cells)} | {found.size / 1000:,.0f} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
