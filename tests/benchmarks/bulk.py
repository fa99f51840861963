"""What a file costs: `python -m tests.benchmarks.bulk [--rows N]`; `make bench` runs it too.

One worker with a champion as training makes it by default. A file is sent to `/predict/bulk` and
its answer read to the end, by which time every record is in the outbox. The floor is the bare read
of the same file in the same run. Beside it, one client asks `/predict` again and again.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import httpx
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from api.bulk.formats import MEDIA_TYPES, FileForm
from api.durability.outbox import waiting
from database import indexes
from database.embedded import lifecycle
from deployment.settings import load_settings
from deployment.wiring import registry
from model.archive import pack
from preprocessing.task.spec import load_task
from tests.api.bundles import Archive, promote, register
from tests.api.server import Server, served, until
from tests.benchmarks.bulk_files import table_of, write_csv, write_parquet
from tests.benchmarks.home import SEED, USUAL, school_years
from training.train import fit

ROWS = 100_000
ROUNDS = 3
CALLS = 200
DRAIN_SECONDS = 600.0
RECORD = {"inde": 7.5, "ida": 6.0, "fase": 3}
FORMS: Mapping[FileForm, tuple[Callable[[pyarrow.Table, Path], Path], Callable[[Path], object]]] = {
    FileForm.PARQUET: (write_parquet, pyarrow.parquet.read_table),
    FileForm.CSV: (write_csv, pyarrow.csv.read_csv),
}


def measure_bulk(home: Path, rows: int = ROWS, rounds: int = ROUNDS) -> Mapping[str, str]:
    """The medians, ready to be read.

    Args:
        home: an empty folder.
        rows: of each file.
        rounds: times that each file is sent, and bare read.
    """
    task = load_task("pede_lag")
    data = school_years(home / "cohorts")
    table = table_of(data.records, task, rows, seed=SEED)
    settings = load_settings({"FAROL_HOME": str(home)})
    fit(data, task, seed=SEED, family=USUAL, progress=lambda _: None).write(home / "bundle")
    packed = Archive(pack(home / "bundle"), key=settings.signing_key.get_secret_value())
    with registry(settings) as opened:
        opened.run(indexes.ensure_indexes())
        promote(opened, register(opened, packed))
    found: dict[str, str] = {}
    # The key that the home made for itself.
    with served(home, workers=1, env={"FAROL_SIGNING_KEY": ""}) as server:
        until(lambda: all(w["version"] for w in server.workers()))
        alone = statistics.median(_predictions(server.url, lambda count: count < CALLS))
        for form, (write, read) in FORMS.items():
            path = write(table, home / f"city.{form}")
            floor, rate = _rates(server, path, form, read, rows, rounds)
            beside = _beside(server, path, form)
            found[f"a file of {rows:,} rows, {form}"] = (
                f"{rate:,.0f} rows/s, {rate / floor:.3f} of the bare read ({floor:,.0f} rows/s)"
            )
            found[f"/predict beside that file, {form}"] = (
                f"median {_ms(statistics.median(beside))}, worst {_ms(max(beside))}, "
                f"alone {_ms(alone)}"
            )
    return {**found, "load average of the machine after it": f"{os.getloadavg()[0]:.1f}"}


def _rates(
    server: Server,
    path: Path,
    form: FileForm,
    read: Callable[[Path], object],
    rows: int,
    rounds: int,
) -> tuple[float, float]:
    """Rows per second of the bare read and of the route, alternated; the medians."""
    floors, rates = [], []
    for _ in range(rounds):
        _settle(server)
        floors.append(rows / _seconds(partial(read, path)))
        rates.append(rows / _seconds(partial(_send, server.url, path, form)))
    return statistics.median(floors), statistics.median(rates)


def _beside(server: Server, path: Path, form: FileForm) -> list[float]:
    """Seconds of each call of `/predict` while the file is scored."""
    _settle(server)
    sending = threading.Thread(target=_send, args=(server.url, path, form))
    sending.start()
    took = _predictions(server.url, lambda _: sending.is_alive())
    sending.join()
    return took


def _settle(server: Server) -> None:
    """What is still being shipped must not slow what is measured next."""
    until(lambda: waiting(server.home / "tasks/pede_lag/outbox") == 0, seconds=DRAIN_SECONDS)


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms"


def _send(url: str, path: Path, form: FileForm) -> None:
    headers = {"content-type": MEDIA_TYPES[form]}
    with (
        path.open("rb") as body,
        httpx.stream(
            "POST", f"{url}/predict/bulk", content=body, headers=headers, timeout=600
        ) as answer,
    ):
        answer.raise_for_status()
        for _ in answer.iter_raw():
            pass


def _predictions(url: str, more: Callable[[int], bool]) -> list[float]:
    """Seconds of each call of `/predict`, one after the other."""
    took: list[float] = []
    with httpx.Client(base_url=url, timeout=60) as client:
        while more(len(took)):
            took.append(_seconds(partial(client.post, "/predict", json=RECORD)))
    return took


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def main() -> int:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bulk", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="of a file (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="(default: %(default)s)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        try:
            found = measure_bulk(Path(name), given.rows, given.rounds)
        finally:
            lifecycle.stop(Path(name))
    for what, value in found.items():
        sys.stdout.write(f"| {what} | {value} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
