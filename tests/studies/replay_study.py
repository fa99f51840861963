"""`python -m tests.studies.replay_study`: every policy on generated histories of every kind.

One history says little of a policy, and one kind of history flatters one policy. So each scenario
of `preprocessing.cohorts.scenarios` is drawn with several seeds and replayed through the real code.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from deployment.wiring import configure_logging, settings_from_environment
from model.errors import FarolError
from model.options import DEFAULT_SEED
from preprocessing.cohorts.scenarios import Scenario
from preprocessing.cohorts.write import write_cohorts
from preprocessing.task.spec import TaskSpec, load_task
from retraining.progress import progress
from retraining.replay.__main__ import replay

YEARS = 5
SEEDS = (1, 2, 3, 4, 5)


def study(
    task: TaskSpec,
    scenarios: Sequence[Scenario],
    seeds: Sequence[int],
    years: int,
    *,
    say: Callable[[str], None],
) -> Iterator[dict[str, Any]]:
    """Replays every history, one after the other; all scenarios of a seed before the next seed.

    Yields:
        `scenario`, `seed`, and what `History.to_mapping` holds.

    Raises:
        RegistryUnavailable: the embedded registry does not start.
    """
    for seed in seeds:
        for scenario in scenarios:
            say(f"{scenario}, seed {seed}")
            with tempfile.TemporaryDirectory(prefix="farol-study-") as folder:
                files = write_cohorts(Path(folder), seed=seed, years=years, scenario=scenario)
                history = replay(task, files, seed=DEFAULT_SEED, say=say, decide_last=False)
            yield {"scenario": scenario.value, "seed": seed, **history.to_mapping()}


def main(argv: Sequence[str] | None = None) -> int:
    """Prints one JSON object a history; the result is the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.studies.replay_study",
        description="Replays generated histories of every kind under every policy.",
    )
    every = list(Scenario)
    parser.add_argument("--scenarios", type=Scenario, nargs="+", choices=every, default=every)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--years", type=int, default=YEARS)
    given = parser.parse_args(argv)
    try:
        settings = settings_from_environment()
        configure_logging(settings)
        task = load_task(settings.task)
        for found in study(task, given.scenarios, given.seeds, given.years, say=progress()):
            sys.stdout.write(json.dumps(found) + "\n")
            sys.stdout.flush()
    except FarolError as error:
        sys.stderr.write(f"replay_study: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
