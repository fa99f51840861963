"""Synthetic school years in the shape of PEDE files, for trying Farol without anybody's data.

Nobody in these files exists. They are drawn from the summary statistics in
`preprocessing.cohorts.year_statistics` and then written with the columns and habits of the year's
survey, so that they put cleaning to the same test as the real files.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from preprocessing.cohorts.scenarios import Scenario
from preprocessing.cohorts.students import simulate
from preprocessing.cohorts.survey_form import columns_of, row_of

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
