"""What several tasks cost: `python -m tests.benchmarks.several_tasks [--before CHECKOUT]`.

Two servers in alternating slices: with one task and with ten, or this checkout and another one,
each with one task. Prints the ratio of their rates and the memory of a worker.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from api.durability.outbox import waiting
from database import indexes
from database.embedded import lifecycle
from deployment.settings import load_settings
from deployment.wiring import root_registry
from model.archive import pack
from preprocessing.task.spec import load_task
from tests.api.bundles import Archive, promote, register
from tests.api.tasks import task_file
from tests.benchmarks.comparison import Comparison, Plan, compare
from tests.benchmarks.contestants import Contestant, farol
from tests.benchmarks.home import SEED, USUAL, prepare, school_years
from training.train import fit

TASKS = 10
DRAIN_SECONDS = 60.0


def main() -> int:
    """Measures, and prints one line per number of connections."""
    parser = argparse.ArgumentParser(prog="several_tasks", description=__doc__)
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="another checkout to beat")
    parser.add_argument("--seconds", type=int, default=4, help="of one slice")
    parser.add_argument("--rounds", type=int, default=9, help="slices of each server")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        one, other = Path(name) / "one", Path(name) / "other"
        one.mkdir()
        other.mkdir()
        try:
            prepare(one)
            single = replace(farol({"FAROL_HOME": str(one)}), name="one task")
            if given.before is None:
                rival = replace(farol(_ten(other)), name="ten tasks")
                found = _measure(rival, single, [one, other], given)
            else:
                rival = _before(given.before.absolute(), other)
                found = _measure(single, rival, [one, other], given)
        finally:
            for home in (one, other):
                lifecycle.stop(home)
    for line in found:
        sys.stdout.write(
            f"{line.name}: {line.connections} connections, {line.ratio:.3f} of the other's rate, "
            f"p50 {line.own.p50:.2f} ms, p99 {line.own.p99:.1f} ms "
            f"(other {line.floor.p99:.1f}), {line.own.worker_mib:.0f} MiB per worker "
            f"(other {line.floor.worker_mib:.0f}), {line.own.processor:.0f} µs of processor time "
            f"a request (other {line.floor.processor:.0f}), {line.own.failed} failed\n"
        )
    return 0


def _ten(home: Path) -> Mapping[str, str]:
    """A home with ten tasks, each with a champion as training makes it by default."""
    data = school_years(home / "cohorts")
    paths = [task_file(home, f"task_{number}") for number in range(1, TASKS)]
    settings = load_settings({"FAROL_HOME": str(home)})
    key = settings.signing_key.get_secret_value()
    with root_registry(settings) as root:
        for named in ("pede_lag", *map(str, paths)):
            spec = load_task(named)
            registry = root if named == "pede_lag" else root.on(f"farol_{spec.name}")
            registry.run(indexes.ensure_indexes())
            bundle = home / f"bundle-{spec.name}"
            fit(data, spec, seed=SEED, family=USUAL, progress=lambda _: None).write(bundle)
            promote(registry, register(registry, Archive(pack(bundle), key=key, task=spec.name)))
    return {"FAROL_HOME": str(home), "FAROL_TASKS": ",".join(["pede_lag", *map(str, paths)])}


def _before(checkout: Path, home: Path) -> Contestant:
    """The API of another checkout, with a home that it makes itself."""
    code = (
        "import sys; from pathlib import Path; from tests.benchmarks.home import prepare; "
        "prepare(Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, str(home)], cwd=checkout, check=True)
    return replace(farol({"FAROL_HOME": str(home)}), name="before", cwd=checkout)


def _measure(
    contestant: Contestant, floor: Contestant, homes: list[Path], given: argparse.Namespace
) -> list[Comparison]:
    def settle() -> None:
        """What is still being shipped must not slow the other's next slice."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline and any(
            waiting(folder) for home in homes for folder in home.rglob("outbox")
        ):
            time.sleep(0.1)

    return compare(
        contestant,
        floor,
        plan=Plan((8, 32), given.seconds, given.rounds),
        log=Path(tempfile.gettempdir()) / "several-tasks.log",
        settle=settle,
    )


if __name__ == "__main__":
    sys.exit(main())
