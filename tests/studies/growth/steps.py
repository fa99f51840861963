"""What a school system does in its first year, in order: each step's command and its size."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow
import pyarrow.csv
import pyarrow.parquet

from database.embedded import lifecycle
from preprocessing.task.policies import TrainingPolicy
from preprocessing.task.spec import task_text
from tests.benchmarks.city import YEARS, write_city
from tests.studies.growth.measured import Cost, measured

SCHOOL = 500
"""Students of a school, or more: a file's name must not hold what looks like a second year."""

MOST_SCHOOLS = 1_000

WINDOW = TrainingPolicy().window

Command = Callable[[Path, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class StudyStep:
    """One step.

    Attributes:
        name: of the step.
        about: what it does, for the table.
        command: its module and arguments, of the home and the rows.
        most: rows that it reads at most; None is all.
    """

    name: str
    about: str
    command: Command
    most: int | None = None

    def take(self, size: Path, rows: int) -> Cost:
        """Does it once on what the steps before it left."""
        home = size / "home"
        task = home / "city.yaml"
        env = {
            "FAROL_HOME": str(home),
            "FAROL_TASK": str(task) if task.exists() else "pede_lag",
            "FAROL_SIGNING_KEY": "",  # The key that the home made for itself.
            "TEST_PATIENCE": "600",  # A machine that is busy otherwise is slow to start an API.
        }
        done = rows if self.most is None else min(rows, self.most)
        return measured(self.name, rows, done, self.command(home, rows), env, home)


def _work(name: str) -> Command:
    return lambda home, rows: ("tests.studies.growth.work", name, str(home), str(rows))


def _ingest(home: Path, _rows: int) -> Sequence[str]:
    files = sorted((home / "files").glob(f"*_{YEARS[0]}.csv"))
    return "preprocessing.ingest", *map(str, files)


STEPS: tuple[StudyStep, ...] = (
    StudyStep("ingest", "school files read into the registry", _ingest),
    StudyStep("labels", "outcomes reported and joined", _work("labels")),
    StudyStep("window", "all labels read into a training set", _work("window")),
    StudyStep(
        "run", f"a retraining run (window {WINDOW:,})", lambda *_: ("retraining.pipeline",), WINDOW
    ),
    StudyStep("drift", "a drift check of the newest cohort", lambda *_: ("drift.check",)),
    StudyStep("score", "a Parquet file scored, each answer logged", _work("score")),
    StudyStep("lists", "the list of one school", _work("lists"), SCHOOL),
)


@dataclass(frozen=True, slots=True)
class Course:
    """Steps that are taken one after the other at a size.

    Attributes:
        prefix: of the folder that is called by the size.
        steps: in order.
        prepare: makes the folder, with what the steps work on.
    """

    prefix: str
    steps: Sequence[StudyStep]
    prepare: Callable[[Path, int], None]


def prepared(size: Path, rows: int) -> None:
    """Writes the files of a size, and the home that they are for."""
    stopped(size)
    shutil.rmtree(size, ignore_errors=True)
    home = size / "home"
    home.mkdir(parents=True)
    # Made-up years let the index decide nearly all: its figure lies at the guard's limit.
    accepted = "leakage:\n  accepted: {inde: made up and strong on purpose}\n"
    (home / "city.yaml").write_text(task_text("pede_lag") + accepted, "utf-8")
    files = write_city(home / "files", min(max(1, rows // SCHOOL), MOST_SCHOOLS), rows)
    _as_parquet(files, home / "all.parquet")


def stopped(size: Path) -> None:
    """Ends the embedded server of a size."""
    if (size / "home").is_dir():
        lifecycle.stop(size / "home")


def _as_parquet(files: Mapping[int, Sequence[Path]], target: Path) -> None:
    tables = [pyarrow.csv.read_csv(path) for path in files[YEARS[0]]]
    pyarrow.parquet.write_table(pyarrow.concat_tables(tables, promote_options="permissive"), target)


COURSE = Course("", STEPS, prepared)
