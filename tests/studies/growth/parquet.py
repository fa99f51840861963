"""What is done with Parquet files that no memory has to hold, each step's command and its size.

A champion in a small home of its own scores them; nothing of them goes into its registry.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet

from tests.benchmarks import home as benchmark_home
from tests.studies.beyond_memory import make
from tests.studies.growth.measured import Cost
from tests.studies.growth.steps import Course, StudyStep, stopped

BEFORE = 250_000
"""Rows of the year that is compared with, whatever the size."""

COHORTS = ("cohort_2023", "cohort_2024")
"""Folders of a year's records each, as schools send them: they say neither period nor outcome."""

BESIDE_THE_RECORDS = ["period", "outcome"]

FAMILY = "xgboost"


class ParquetStep(StudyStep):
    """A step that keeps nothing in the registry."""

    def take(self, size: Path, rows: int) -> Cost:
        """Does it once; what an interrupted one left is removed before."""
        for left in (_out(size / "home", "bundle"), _out(size / "home", "scores")):
            shutil.rmtree(left, ignore_errors=True)
        return replace(super().take(size, rows), registry_bytes=0)


def _drift(home: Path, _rows: int) -> Sequence[str]:
    before, now = (str(home.parent / name) for name in COHORTS)
    return "drift.check", "--reference", before, "--current", now


def _train(home: Path, _rows: int) -> Sequence[str]:
    out = str(_out(home, "bundle"))
    rows = str(home.parent / "rows")
    return "deployment.dask", "train", rows, "--family", FAMILY, "--out", out


def _score(home: Path, _rows: int) -> Sequence[str]:
    return "deployment.dask", "score", str(home.parent / "rows"), "--out", str(_out(home, "scores"))


def _out(home: Path, name: str) -> Path:
    return home.parent / name


def prepared(size: Path, rows: int) -> None:
    """Writes the files of a size, as far as they are not there, and a home with a champion."""
    stopped(size)
    shutil.rmtree(size / "home", ignore_errors=True)
    make(size / "rows", rows)
    make(size / "before", BEFORE, seed=1)
    write_cohorts(size)
    benchmark_home.prepare(size / "home", usual=True)


def write_cohorts(size: Path) -> None:
    """The rows, and those they are compared with, as records alone."""
    for name, cohort in zip(("before", "rows"), COHORTS, strict=True):
        (size / cohort).mkdir(exist_ok=True)
        for path in sorted((size / name).glob("*.parquet")):
            if not (target := size / cohort / path.name).exists():
                table = pyarrow.parquet.read_table(path).drop_columns(BESIDE_THE_RECORDS)
                pyarrow.parquet.write_table(table, target.with_suffix(".part"))
                target.with_suffix(".part").rename(target)


STEPS: tuple[StudyStep, ...] = (
    ParquetStep("drift of Parquet", f"compared with {BEFORE:,} rows", _drift),
    ParquetStep("train of Parquet", "boosted trees beyond memory", _train),
    ParquetStep("score of Parquet", "in bulk, into files", _score),
)
COURSE = Course("parquet-", STEPS, prepared)
