"""Synthetic school years in the shape of PEDE files, for trying Farol without anybody's data.

Nobody in these files exists. They are drawn from the summary statistics in
`preprocessing.profiles` and then written with the columns and habits of the year's survey, so that
they put cleaning to the same test as the real files: `python -m preprocessing.cohorts FOLDER`.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from preprocessing.disguise import columns_of, row_of
from preprocessing.scenarios import Scenario
from preprocessing.simulation import simulate

DEFAULT_SEED = 20240101


def write_cohorts(
    folder: Path,
    *,
    seed: int = DEFAULT_SEED,
    years: int = 3,
    scenario: Scenario = Scenario.LASTING,
) -> list[Path]:
    """Writes one CSV a school year, from 2022 on.

    Args:
        folder: made if it is not there; files of the same name are replaced.
        seed: the same seed writes the same bytes.
        years: how many.
        scenario: what happens in them.

    Returns:
        The files, oldest year first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for year, surveys in simulate(seed, years, scenario):
        rng = np.random.default_rng([seed, year])
        path = folder / f"synthetic_pede_{year}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns_of(year))
            writer.writerows(row_of(survey, rng) for survey in surveys)
        written.append(path)
    return written


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command."""
    parser = argparse.ArgumentParser(
        prog="python -m preprocessing.cohorts", description="Writes synthetic PEDE school years."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument(
        "--scenario", type=Scenario, choices=list(Scenario), default=Scenario.LASTING
    )
    given = parser.parse_args(arguments)
    if given.years < 1 or given.seed < 0:
        parser.error("--years must be at least 1 and --seed at least 0")
    made = write_cohorts(given.folder, seed=given.seed, years=given.years, scenario=given.scenario)
    for path in made:
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
