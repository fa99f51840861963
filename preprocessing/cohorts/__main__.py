"""Writes synthetic school years: `python -m preprocessing.cohorts FOLDER`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from preprocessing.cohorts.scenarios import Scenario
from preprocessing.cohorts.write import DEFAULT_SEED, write_cohorts


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the files that the arguments ask for; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m preprocessing.cohorts",
        description="Writes synthetic PEDE school years.",
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
