"""What some steps do where no command of an operator does just that, in a process of its own.

`python -m tests.studies.growth.work STEP HOME ROWS`, with the environment of the home.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

import httpx
import pyarrow.csv

from api.durability.outbox import waiting
from database.driver.client import SyncRegistry
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository
from deployment.settings import load_settings
from deployment.wiring import registry
from model.label import JoinStatus, Label, Outcome
from preprocessing.dataset import training_set
from tests.api.server import Server, served, until
from tests.benchmarks.city import YEARS

CALL = 10_000
"""Outcomes of one call, the most that `/labels` takes."""

LISTS = 9
WORKERS = 4
READY_SECONDS = 600.0
DRAIN_SECONDS = 400.0
LOOK_SECONDS = 1.0


def labels(home: Path, rows: int) -> None:
    """Records an outcome of each student, as an API client sends them."""
    now = datetime.now(UTC)
    with registry(load_settings({**_env(home)})) as opened:
        reported = list(_reported(home, rows, now - timedelta(days=1)))
        started = perf_counter()
        for part in reported:
            decisions = opened.run(record_outcomes(part, now=now, most_waiting=1_000))
            if {decision.status for decision in decisions} != {JoinStatus.JOINED}:
                raise SystemExit("not all outcomes were joined")
        print(f"took {perf_counter() - started:.3f}")


def window(home: Path, rows: int) -> None:
    """Reads all labels into a training set."""
    with registry(load_settings({**_env(home)})) as opened:
        started = perf_counter()
        found = len(training_set(_labels(opened, rows), ["gender"]))
        print(f"took {perf_counter() - started:.3f}")
    if found != rows:
        raise SystemExit(f"{found} labels came back, not {rows}")


def score(home: Path, rows: int) -> None:
    """Scores a Parquet file of all students, and waits until every answer is in the registry."""
    file, outbox = home / "all.parquet", home / "tasks" / "pede_lag" / "outbox"
    with served(home, workers=WORKERS, env=_env(home)) as api:
        _ready(api)
        started = perf_counter()
        _sent(api.url, file)
        print(f"took {perf_counter() - started:.3f}")
        while waiting(outbox):
            # A look opens the outboxes that are shipped from.
            sleep(LOOK_SECONDS)
            if perf_counter() - started > DRAIN_SECONDS:
                print(f"{waiting(outbox)} still wait")
                return
        print(f"logged {perf_counter() - started:.3f}")


def lists(home: Path, rows: int) -> None:
    """Asks for the list of one school, again and again."""
    with (
        served(home, workers=WORKERS, env=_env(home)) as api,
        httpx.Client(base_url=api.url, timeout=60) as client,
    ):
        _ready(api)
        took = [_list(client) for _ in range(LISTS)]
    print(f"took {median(took):.4f} (the first {took[0]:.4f})")


def _ready(api: Server) -> None:
    until(lambda: api.get("/health/ready").status_code == 200, seconds=READY_SECONDS)


def _labels(opened: SyncRegistry, rows: int) -> Sequence[Label]:
    return opened.run(LabelRepository().window(arrived_until=datetime.now(UTC), limit=rows))


def _sent(url: str, file: Path) -> None:
    with (
        file.open("rb") as body,
        httpx.stream(
            "POST",
            f"{url}/predict/bulk",
            content=body,
            headers={"content-type": "application/vnd.apache.parquet"},
            timeout=READY_SECONDS,
        ) as answer,
    ):
        answer.raise_for_status()
        for _ in answer.iter_raw():
            pass


def _list(client: httpx.Client) -> float:
    started = perf_counter()
    answer = client.get("/students/at-risk?unit=Escola%20000").raise_for_status().json()
    seconds = perf_counter() - started
    if not answer["total"]:
        raise SystemExit("the list of the school is empty")
    return seconds


def _reported(home: Path, rows: int, observed: datetime) -> Iterator[list[Outcome]]:
    """Who was behind in the second year, whose files the registry has not seen."""
    part: list[Outcome] = []
    wanted = pyarrow.csv.ConvertOptions(include_columns=["RA", "Defasagem"])
    for path in sorted((home / "files").glob(f"*_{YEARS[1]}.csv")):
        table = pyarrow.csv.read_csv(path, convert_options=wanted).to_pydict()
        for student, lag in zip(table["RA"], table["Defasagem"], strict=True):
            part.append(Outcome(float(lag < 0), observed, None, student, str(YEARS[0]), "city"))
        while len(part) >= CALL:
            yield part[:CALL]
            part = part[CALL:]
    if part:
        yield part


def _env(home: Path) -> Mapping[str, str]:
    return {
        "FAROL_HOME": str(home),
        "FAROL_TASK": str(home / "city.yaml"),
        "FAROL_SIGNING_KEY": "",
    }


WORK = {one.__name__: one for one in (labels, window, score, lists)}


def main(argv: Sequence[str]) -> int:
    """Does one step's work."""
    step, home, rows = argv
    WORK[step](Path(home), int(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
