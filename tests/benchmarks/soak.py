"""`python -m tests.benchmarks.soak`: what serving bears for minutes; writes docs/soak.md."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from database.embedded import lifecycle
from preprocessing.task.spec import load_task
from preprocessing.validation import check_record
from tests.benchmarks import endurance, scenarios
from tests.benchmarks.contestants import RECORD, ROOT, farol
from tests.benchmarks.home import Home, prepare
from tests.benchmarks.scenarios import Stage
from tests.benchmarks.servers import free_port, serving

HEAD = """# Endurance

Written by `python -m tests.benchmarks.soak` on {day}, {machine}, Python {python}: four workers, an
XGBoost model of 500 trees, the embedded registry and the load generator (wrk, {connections}
connections) all on the same cores. Every answer's score is compared with what the version that it
names gives.

"""


def main() -> int:
    """Runs the scenarios one after the other, each on a server of its own."""
    options = _parser().parse_args()
    if shutil.which("wrk") is None:
        sys.stderr.write("soak: wrk is not installed. On Debian: apt-get install wrk\n")
        return 2
    wanted: Mapping[str, Callable[[Stage], dict[str, str]]] = {
        "start of a worker": scenarios.start,
        "promotions under load": partial(scenarios.promotions, moves=options.moves),
        "the registry away": partial(scenarios.outage, seconds=options.away),
        "full load": partial(scenarios.sustained, minutes=options.minutes),
        "everything at once": partial(
            endurance.everything, minutes=options.together, rate=options.rate
        ),
    }
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    text = HEAD.format(
        day=datetime.now(UTC).date(), machine=machine, python=platform.python_version(),
        connections=options.connections,
    )  # fmt: skip
    broken = False
    for title, scenario in wanted.items():
        if options.only and options.only not in title:
            continue
        sys.stderr.write(f"running: {title}\n")
        figures = _on_a_server(scenario, options.connections)
        section = _section(title, figures)
        broken |= figures.get(endurance.BROKEN, endurance.NONE) != endurance.NONE
        sys.stdout.write(section)
        text += section
    if not options.only:
        options.out.write_text(text, encoding="utf-8")
    return 1 if broken else 0


def _on_a_server(
    scenario: Callable[[Stage], dict[str, str]], connections: int
) -> Mapping[str, str]:
    with tempfile.TemporaryDirectory() as folder, Path(folder, "servers.log").open("w") as log:
        home = prepare(Path(folder), versions=2)
        contestant = farol({"FAROL_HOME": folder})
        port = free_port()
        try:
            with serving(
                contestant.name, [part.format(port=port) for part in contestant.command],
                port=port, path=contestant.path, probe=contestant.body, env=contestant.env,
                cwd=contestant.cwd, log=log,
            ) as server:  # fmt: skip
                return scenario(Stage(server, home.folder, _scores(home), connections))
        finally:
            lifecycle.stop(Path(folder))


def _scores(home: Home) -> dict[str, float]:
    record = check_record(load_task("pede_lag"), RECORD)
    return {name: made.score_one(record) for name, made in home.versions.items()}


def _section(title: str, figures: Mapping[str, str]) -> str:
    rows = "".join(f"| {name} | {value} |\n" for name, value in figures.items())
    return f"## {title.capitalize()}\n\n| what | measured |\n|---|---|\n{rows}\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="of full load")
    parser.add_argument("--moves", type=int, default=100, help="promotions and rollbacks, one a s")
    parser.add_argument("--together", type=float, default=30, help="minutes of everything at once")
    parser.add_argument("--rate", type=float, help="requests a second of it (70 %% of full load)")
    parser.add_argument("--away", type=int, default=60, help="seconds without the registry")
    parser.add_argument("--only", help="the scenarios whose title has this, and no page written")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "soak.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
