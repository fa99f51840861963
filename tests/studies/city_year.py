"""A year of a city: `python -m tests.studies.city_year [--schools 200] [--students 100000]`.

The commands that an operator runs, one after the other, on made-up files: ingest of two years, the
first champion, the API, a Parquet file of all students, and the list of one school.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from database.embedded import lifecycle
from preprocessing.task.spec import task_text
from tests.api.server import ROOT, Server, served, until
from tests.benchmarks.city import YEARS, write_city

LISTS = 9


def main() -> int:
    """Prints one line per step."""
    parser = argparse.ArgumentParser(prog="city_year", description=__doc__)
    parser.add_argument("--schools", type=int, default=200)
    parser.add_argument("--students", type=int, default=100_000)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        served_city(Path(name), given.schools, given.students) as city,
        # One client, as a dashboard has: each new one reads the host's certificates first.
        httpx.Client(base_url=city.api.url, timeout=60) as client,
    ):
        city.score()
        took = [_list(client) for _ in range(LISTS)]
        shown = (f"{seconds * 1000:.0f} ms" for seconds in (median(took), took[0]))
        print("list of one school: median {}, first {}".format(*shown))
    return 0


@dataclass(frozen=True, slots=True)
class City:
    """A served installation, what its processes are told, and a file of all its students."""

    home: Path
    api: Server
    env: Mapping[str, str]
    file: Path
    students: int

    @property
    def scores(self) -> Path:
        """The result of the last file that was scored."""
        return self.home / "scores.parquet"

    def score(self) -> None:
        """Asks for a prediction for everybody, by a file."""
        asked = (str(self.file), "--url", self.api.url, "--out", str(self.scores))
        with _clock("bulk scores from Parquet", self.students):
            _command(self.env, "api.bulk", *asked)
        print(f"  rows in the result: {pyarrow.parquet.read_metadata(self.scores).num_rows}")


@contextmanager
def served_city(folder: Path, schools: int, students: int) -> Iterator[City]:
    """Two years read, a first champion trained, four workers that serve; a line per step.

    A city that is in the folder already is served as it is.
    """
    home, parquet = folder / "home", folder / "all.parquet"
    # The key that the home made for itself.
    env = {
        "FAROL_HOME": str(home),
        "FAROL_TASK": str(home / "city.yaml"),
        "FAROL_SIGNING_KEY": "",
    }
    try:
        if not parquet.exists():
            files = write_city(folder / "files", schools, students)
            _build(home, env, files, students)
            _as_parquet(files[YEARS[-1]], parquet)
        with served(home, workers=4, env=env) as server:
            until(lambda: server.get("/health/ready").status_code == 200)
            yield City(home, server, env, parquet, students)
    finally:
        lifecycle.stop(home)


def _build(
    home: Path, env: Mapping[str, str], files: Mapping[int, list[Path]], students: int
) -> None:
    home.mkdir()
    # Made-up years let the index decide nearly all: its figure lies at the guard's limit.
    accepted = "leakage:\n  accepted: {inde: made up and strong on purpose}\n"
    (home / "city.yaml").write_text(task_text("pede_lag") + accepted, "utf-8")
    for year in YEARS:
        what = f"ingest of {year}, {len(files[year])} files, {students} students"
        with _clock(what, students):
            _command(env, "preprocessing.ingest", *map(str, files[year]))
    with _clock("first champion", students):
        _command(env, "retraining.pipeline")


def _command(env: Mapping[str, str], module: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT, env=os.environ | env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{module}: {done.stderr[-2000:]}")


def _list(client: httpx.Client) -> float:
    started = time.perf_counter()
    answer = client.get("/students/at-risk?unit=Escola%20007").raise_for_status().json()
    seconds = time.perf_counter() - started
    assert answer["total"] > 0
    return seconds


def _as_parquet(files: list[Path], target: Path) -> None:
    tables = [pyarrow.csv.read_csv(path) for path in files]
    pyarrow.parquet.write_table(pyarrow.concat_tables(tables, promote_options="permissive"), target)


@contextmanager
def _clock(what: str, rows: int) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds = time.perf_counter() - started
    print(f"{what}: {seconds:.1f} s, {rows / seconds:,.0f} rows/s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
