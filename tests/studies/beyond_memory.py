"""A window beyond memory: one process against the workers of a cluster, each under a memory limit.

`python -m tests.studies.beyond_memory --rows 1000000` makes students with the features of
`pede_lag`, trains on them alone and with two workers, and prints the rows of the table in
docs/dask.md. Needs `make setup-scale`; files are below --folder, 60 bytes a row.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pyarrow
import pyarrow.parquet

from deployment.dask.opening import pool
from deployment.settings import load_settings
from preprocessing.columnar.partitions import partitions_of
from preprocessing.task.spec import load_task
from tests.deployment.dask.processes import Started, started
from training.beyond_memory.fitting import fit_partitions

PIECE = 250_000
MARKS = ("inde", "iaa", "ieg", "ips", "ipp", "ida", "ipv", "mat", "por", "ing")


def make(folder: Path, rows: int, seed: int = 0) -> None:
    """Files of students whose next lag follows from their marks, their lag and chance."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, start in enumerate(range(0, rows, PIECE)):
        path = folder / f"part-{number:04d}.parquet"
        if path.exists():
            continue
        rng = np.random.default_rng([seed, number])
        n = min(PIECE, rows - start)
        able, effort = rng.normal(size=n), rng.normal(size=n)
        lag = np.clip(np.rint(rng.normal(-0.4 + 0.5 * able, 1.0)), -4, 3)
        stage = rng.integers(0, 9, n).astype(np.float64)
        columns: dict[str, object] = {
            "student_id": [f"S{i}" for i in range(start, start + n)],
            "period": pyarrow.array(["2023"] * n).dictionary_encode(),
        }
        for at, name in enumerate(MARKS):
            marks = 6.5 + 1.2 * able + (at % 3) * 0.4 * effort + rng.normal(size=n)
            columns[name] = np.where(rng.random(n) < 0.03, np.nan, np.clip(marks, 0, 10).round(2))
        columns |= {
            "ian": np.where(lag >= 0, 10.0, np.where(lag == -1, 5.0, 2.5)),
            "fase": stage,
            "fase_ideal": np.clip(stage - lag, 0, 9),
            "defasagem": lag,
            "idade": stage + 8 + rng.integers(0, 3, n),
            "anos_programa": rng.integers(0, 8, n).astype(np.float64),
            "pedra": np.array(["quartzo", "agata", "ametista", "topazio"])[
                np.digitize(able, (-0.7, 0.0, 0.7))
            ],
        }
        margin = -0.6 - 0.7 * able - 1.1 * lag - 0.5 * effort * (stage < 4) - 0.3 * able * effort
        columns["outcome"] = (rng.random(n) < 1 / (1 + np.exp(-margin))).astype(np.float64)
        table = pyarrow.table(columns)
        pyarrow.parquet.write_table(table, path.with_suffix(".part"), row_group_size=50_000)
        path.with_suffix(".part").rename(path)


@dataclass(frozen=True)
class Measured:
    """One training."""

    how: str
    family: str
    rows: int
    seconds: float
    peak: float
    figures: str


@contextmanager
def watched(pids: list[int]) -> Iterator[list[float]]:
    """The largest resident memory of any of the processes or of those they start, in MB."""
    peak, over = [0.0], threading.Event()

    def look() -> None:
        while not over.wait(0.2):
            for pid in pids:
                try:
                    main = psutil.Process(pid)
                    found = [one.memory_info().rss for one in (main, *main.children(True))]
                except psutil.Error:
                    continue
                peak[0] = max(peak[0], max(found) / 1e6)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def train(folder: Path, family: str, cluster: Started | None) -> Measured:
    """One training in this process, by it or by the cluster's workers."""
    task = load_task("pede_lag")
    pids = [os.getpid()] if cluster is None else [worker.pid for worker in cluster.workers]
    with tempfile.TemporaryDirectory() as home:
        env = {"FAROL_HOME": home, "FAROL_DASK": cluster.address if cluster else ""}
        with pool(load_settings(env)) as workers, watched(pids) as peak:
            workers.ready()
            began = time.perf_counter()
            found = fit_partitions(
                partitions_of(folder, PIECE), task, family,
                seed=0, progress=say, pool=workers,
            )  # fmt: skip
            seconds = time.perf_counter() - began
            found.model.write(Path(home) / "bundle")
    figures = ", ".join(f"{k} {found.figures[k]:.4f}" for k in ("auc", "recall", "brier"))
    how = f"{found.workers} workers" if cluster else "alone"
    return Measured(how, family, found.rows, seconds, peak[0], figures)


def say(line: str) -> None:
    sys.stderr.write(f"  {line}\n")


def main() -> int:
    """Makes the files, and trains on them as was asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--family", default="lightgbm,xgboost")
    parser.add_argument("--how", default="alone,cluster")
    parser.add_argument("--memory", default="600MB", help="of each worker")
    given = parser.parse_args()
    make(given.folder, given.rows)
    for how in given.how.split(","):
        for family in given.family.split(","):
            with tempfile.TemporaryDirectory() as scratch:
                opened = (
                    started(Path(scratch), 2, "--memory-limit", given.memory)
                    if how == "cluster"
                    else nullcontext(None)
                )
                with opened as cluster:
                    one = train(given.folder, family, cluster)
            sys.stdout.write(
                f"| {one.rows:,} | {one.family} | {one.how} | {one.seconds:.0f} s | "
                f"{one.peak:.0f} MB | {one.figures} |\n"
            )
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
