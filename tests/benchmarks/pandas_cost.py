"""`python -m tests.benchmarks.pandas_cost`: what pandas would cost a worker, and bring to ingest.

The figures of docs/decisions/0004 are from here: medians of five, CPU seconds.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from preprocessing.cohorts.scenarios import Scenario
from preprocessing.cohorts.write import write_cohorts
from preprocessing.files.loading import read_file
from preprocessing.task.spec import load_task

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COPIES, RUNS = 20, 5
NUMBERS = ("INDE 22", "IAA", "IEG", "IPS", "IDA", "Matem", "Portug", "Inglês", "IPV", "IAN")
IMPORT = """
import json, resource, time
import api.app
def memory(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, start = memory(), time.process_time()
import pandas
print(json.dumps([time.process_time() - start, before, memory()]))
"""


def main() -> None:
    """Prints both comparisons."""
    costs = [_import_cost() for _ in range(RUNS)]
    seconds, before, after = (median(column) for column in zip(*costs, strict=True))
    print(f"import pandas in a worker: {seconds:.2f} s CPU, {before:.0f} MB -> {after:.0f} MB")
    with tempfile.TemporaryDirectory() as folder:
        path, rows = _damaged(Path(folder))
        ours, reading = _timed(lambda: read_file(path, load_task("pede_lag"), now=NOW))
        theirs, frame = _timed(lambda: _with_pandas(path))
    batch = reading.tables[0].batch
    print(f"{rows} rows, {rows // 50} of them with a text for IDA, {rows // 50} with IEG 99")
    print(
        f"ours: {ours:.2f} s CPU; kept {batch.rows_kept}, rejected {len(batch.rejects)}, "
        f"cells ignored {dict(batch.cells_ignored)}"
    )
    print(
        f"pandas: {theirs:.2f} s CPU; IDA missing {int(frame['IDA'].isna().sum())}, IEG above 10 "
        f"kept {int((frame['IEG'] > 10).sum())}; no reason given"
    )


def _import_cost() -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True
    )
    found: list[float] = json.loads(done.stdout)
    return found


def _damaged(folder: Path) -> tuple[Path, int]:
    """A school year of generated students, copied under new ids, two cells in fifty rows spoilt."""
    (source,) = write_cohorts(folder, seed=0, years=1, scenario=Scenario.LASTING)
    with source.open(encoding="utf-8", newline="") as file:
        header, *body = csv.reader(file)
    student, ida, ieg = (header.index(name) for name in ("RA", "IDA", "IEG"))
    path, rows = folder / "pede_2022.csv", 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for copy in range(COPIES):
            for row in body:
                row[student] = f"{row[student].split('/')[0]}/{copy}"
                cells = list(row)
                if rows % 50 == 0:
                    cells[ida] = "dez"
                if rows % 50 == 1:
                    cells[ieg] = "99"
                writer.writerow(cells)
                rows += 1
    return path, rows


def _with_pandas(path: Path) -> pd.DataFrame:
    """The same file as pandas reads it: numbers with a comma, unreadable ones as missing."""
    frame = pd.read_csv(path, dtype=str)
    for name in NUMBERS:
        comma = frame[name].str.replace(",", ".", regex=False)
        frame[name] = pd.to_numeric(comma, errors="coerce")
    return frame


def _timed(action: Callable[[], Any]) -> tuple[float, Any]:
    seconds = []
    for _ in range(RUNS):
        start = time.process_time()
        found = action()
        seconds.append(time.process_time() - start)
    return median(seconds), found


if __name__ == "__main__":
    main()
