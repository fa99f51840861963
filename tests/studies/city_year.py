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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import httpx
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from database.embedded import lifecycle
from preprocessing.task.spec import task_text
from tests.api.server import ROOT, served, until
from tests.benchmarks.city import YEARS, write_city

LISTS = 9


def main() -> int:
    """Prints one line per step."""
    parser = argparse.ArgumentParser(prog="city_year", description=__doc__)
    parser.add_argument("--schools", type=int, default=200)
    parser.add_argument("--students", type=int, default=100_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home, files = Path(name) / "home", Path(name) / "files"
        home.mkdir()
        written = write_city(files, given.schools, given.students)
        try:
            _year(home, written, given.students)
        finally:
            lifecycle.stop(home)
    return 0


def _year(home: Path, files: Mapping[int, list[Path]], students: int) -> None:
    # Made-up years let the index decide nearly all: its figure lies at the guard's limit.
    accepted = "leakage:\n  accepted: {inde: made up and strong on purpose}\n"
    (home / "city.yaml").write_text(task_text("pede_lag") + accepted, "utf-8")
    task = {"FAROL_TASK": str(home / "city.yaml")}
    env = os.environ | {"FAROL_HOME": str(home), **task}

    def command(module: str, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT, env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{module}: {done.stderr[-2000:]}")

    for year in YEARS:
        what = f"ingest of {year}, {len(files[year])} files, {students} students"
        with _clock(what, students):
            command("preprocessing.ingest", *map(str, files[year]))
    _timed("first champion", students, lambda: command("retraining.pipeline"))
    parquet = home / "all.parquet"
    _as_parquet(files[YEARS[-1]], parquet)
    # The key that the home made for itself.
    with served(home, workers=4, env={"FAROL_SIGNING_KEY": "", **task}) as server:
        until(lambda: server.get("/health/ready").status_code == 200)
        result = home / "scores.parquet"
        asked = (str(parquet), "--url", server.url, "--out", str(result))
        _timed("bulk scores from Parquet", students, lambda: command("api.bulk", *asked))
        print(f"  rows in the result: {pyarrow.parquet.read_metadata(result).num_rows}")
        # One client, as a dashboard has: each new one reads the host's certificates first.
        with httpx.Client(base_url=server.url, timeout=60) as client:
            took = [_list(client) for _ in range(LISTS)]
        shown = (f"{seconds * 1000:.0f} ms" for seconds in (median(took), took[0]))
        print("list of one school: median {}, first {}".format(*shown))


def _list(client: httpx.Client) -> float:
    started = time.perf_counter()
    answer = client.get("/students/at-risk?unit=Escola%20007").raise_for_status().json()
    seconds = time.perf_counter() - started
    assert answer["total"] > 0
    return seconds


def _as_parquet(files: list[Path], target: Path) -> None:
    tables = [pyarrow.csv.read_csv(path) for path in files]
    pyarrow.parquet.write_table(pyarrow.concat_tables(tables, promote_options="permissive"), target)


def _timed(what: str, rows: int, work: Callable[[], None]) -> None:
    with _clock(what, rows):
        work()


@contextmanager
def _clock(what: str, rows: int) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds = time.perf_counter() - started
    print(f"{what}: {seconds:.1f} s, {rows / seconds:,.0f} rows/s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
