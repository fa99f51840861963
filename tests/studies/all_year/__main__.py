"""A year of outcomes, with and without a change in its middle: `python -m tests.studies.all_year`.

A school with events (`school.py`) is simulated for two years: a model learns from the first, and
in the second serves, month by month, records of which some outcomes come each school day. Each day
the drift report looks whether the errors have risen. A line of JSON a school; `--tables FILES`
makes the tables of such lines. `--kept` leaves out who learns during the year, which takes most of
the time.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from preprocessing.dataset import TrainingSet
from tests.studies.all_year.school import CHANGE, simulate, task_of_all_year
from tests.studies.all_year.serving import SERVED, STAYS, Floats, served
from tests.studies.all_year.told import tables
from tests.studies.all_year.warning import told, warnings

SHARES = (0.0, 0.5, 1.0)


def school(seed: int, *, students: int, shares: Sequence[float], kept: bool) -> dict[str, Any]:
    """What came of one school, by who served and share of the change."""
    task = task_of_all_year()
    years = simulate(task, seed=seed, students=students, shares=(0.0, *shares))
    loss: dict[str, dict[str, dict[str, float]]] = {}
    warned: dict[str, dict[str, Any]] = {}
    seconds: dict[str, float] = {}
    for name, (_, how) in SERVED.items():
        if kept and how != STAYS:
            continue
        begun = None
        loss[name], warned[name] = {}, {}
        for share, year in years.second.items():
            one = served(years.before, year, task, name, seed, begun)
            begun = begun or one.turning
            loss[name][str(share)] = losses(year, one.scores)
            begin = CHANGE.isoformat() if share else ""
            found = warnings(year, one.scores, monthly=begun.learns, begin=begin)
            warned[name][str(share)] = told(found)
            seconds.setdefault(name, one.seconds)
    made = {"loss": loss, "warned": warned, "seconds": seconds}
    return {"seed": seed, "students": students, **made}


def losses(year: TrainingSet, scores: Floats) -> dict[str, float]:
    """The Brier score of each period."""
    return {
        period: float(np.mean((year.outcome - scores)[year.periods == period] ** 2))
        for period in sorted(set(year.periods.tolist()))
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Runs schools, or prints the tables of those that have run."""
    parser = argparse.ArgumentParser(prog="python -m tests.studies.all_year", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 40), metavar=("FROM", "TO"))
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--shares", type=float, nargs="*", default=SHARES[1:])
    parser.add_argument("--kept", action="store_true", help="only who learns nothing in the year")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--tables", type=Path, nargs="+", metavar="FILE", help="of these lines")
    given = parser.parse_args(argv)
    if given.tables:
        texts = [path.read_text("utf-8") for path in given.tables]
        lines = [json.loads(line) for text in texts for line in text.splitlines()]
        sys.stdout.writelines(f"{line}\n" for line in tables(lines))
        return 0
    one = partial(school, students=given.students, shares=given.shares, kept=given.kept)
    with threadpool_limits(1), ProcessPoolExecutor(given.jobs) as processes:
        for line in processes.map(one, range(*given.seeds)):
            sys.stdout.write(f"{json.dumps(line)}\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
