"""Mutated model bundles: `python -m tests.studies.bundle_fuzz [--bundles 500] [--served 20]`.

Each bundle is signed with the installation's key all the same, as if whoever holds the key had
made it, and is published as a worker does. It must be refused with a reason, and the champion
serves on; or be accepted, and then everything a request asks of a model must be answered. No
process may die of it. Some are made champion of a running API too, whose workers must outlive them.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.champion import Champion, ChampionHolder
from database import indexes
from database.driver.client import open_registry
from database.embedded import lifecycle
from model.errors import BundleError
from model.live.folder import LiveModel
from model.student import Features
from preprocessing.task.spec import TaskSpec, load_task
from tests.api import bundles
from tests.api.bundles import KEY, Archive
from tests.api.server import Server, served, until
from tests.studies.hostile.bundles import BadBundle, bad_bundle, genuine_bundles
from tests.studies.hostile.processes import Ended, Worker

TASK = "pede_lag"
GIGABYTE = 1 << 30
MOST_MEMORY = 3 * GIGABYTE // 2
ASKED: tuple[Features, ...] = (
    *bundles.records(12, seed=2),
    {"inde": 7.5}, {"fase": 0.0}, {"pedra": "topazio"}, {"inde": 1e15, "ida": -1e15},
    {"fase": 3.0, "pedra": "quartzo", "genero": "feminino"},
)  # fmt: skip


@dataclass(frozen=True)
class BundlesFound:
    """What a study found.

    Attributes:
        bundles: how many were tried.
        refused: how many of them were.
        reasons: the beginnings of the reasons, to how many.
        faults: what must not be, with number and change of the bundle.
        memory: bytes that the process took at most.
    """

    bundles: int
    refused: int
    reasons: Mapping[str, int]
    faults: list[str]
    memory: int


class Host:
    """One worker's champion and the folder it is published in.

    Args:
        home: an empty folder.
    """

    def __init__(self, home: Path) -> None:
        self._live = LiveModel(home)
        self._holder = ChampionHolder(self._live, load_task(TASK), KEY)
        self._revision = 0
        self._good = genuine_bundles(load_task(TASK))["linear"]
        self._publish(Archive(self._good))
        self._served = self._answers()

    def __call__(self, bad: BadBundle) -> tuple[str, list[str]]:
        """Publishes a bundle; why it was refused, empty where it was not, and what is wrong."""
        serving = self._champion().version
        try:
            self._publish(Archive(bad.data))
        except BundleError as error:
            faults = [] if self._champion().version == serving else ["another version serves"]
            if self._answers() != self._served:
                faults.append("the champion answers otherwise")
            if len(reason := str(error)) < 10:
                faults.append(f"refused without a reason: {reason!r}")
            return reason, faults
        faults = unanswered(self._champion(), bad)
        self._publish(Archive(self._good))
        return "", faults

    def _publish(self, packed: Archive) -> None:
        self._revision += 1
        version = f"v{self._revision}"
        self._live.publish(
            packed.statement(version), packed.signature(version), packed.data, self._revision,
            check=self._holder.check,
        )  # fmt: skip
        asyncio.run(self._holder.refresh())
        if self._holder.fault is not None:
            raise BundleError(self._holder.fault.reason)

    def _champion(self) -> Champion:
        champion = self._holder.current
        assert champion is not None
        return champion

    def _answers(self) -> list[float]:
        return [self._champion().predictor.score_one(record) for record in ASKED]


def unanswered(champion: Champion, bad: BadBundle) -> list[str]:
    """What a model that was accepted cannot answer."""
    predictor = champion.predictor
    try:
        for record in ASKED:
            said = predictor.assess_one(record)
            explained = predictor.explain(record)
            interval = champion.bundle.risk_interval
            numbers = [said.score, explained.base_value, *(said.interval or ())]
            numbers += [reason.contribution for reason in explained.reasons]
            numbers += [] if said.known_weight is None else [said.known_weight]
            numbers += [] if interval is None else [*interval.around(said.score)]
            if not all(map(math.isfinite, numbers)) or not 0 <= said.score <= 1:
                return [f"answers {numbers[:4]}"]
        predictor.assess_many(ASKED)
        predictor.explain_many(ASKED)
    except Exception as error:  # noqa: BLE001  any that comes here is what is looked for
        return [f"was accepted, and a request fails: {type(error).__name__}: {error}"]
    return []


def serve_bundles(home: Path) -> Callable[[Any], Any]:
    """What a process of its own does with each bundle."""
    return Host(home)


def bad_ones(numbers: range, seed: int, task: TaskSpec) -> Iterator[tuple[int, BadBundle]]:
    """The bundles of these numbers; the same seed makes the same ones."""
    packed = genuine_bundles(task)
    for number in numbers:
        yield number, bad_bundle(packed, random.Random(seed * 1_000_003 + number))


def fuzz_bundles(
    home: Path, numbers: range, seed: int, say: Callable[[str], None] = lambda _: None
) -> BundlesFound:
    """Tries bundles on one host.

    Args:
        home: an empty folder.
        numbers: of the bundles.
        seed: of the draws.
        say: told of the progress.
    """
    reasons: Counter[str] = Counter()
    faults: list[str] = []
    memory = 0
    with Worker(serve_bundles, home) as worker:
        for done, (number, bad) in enumerate(bad_ones(numbers, seed, load_task(TASK)), start=1):
            label = f"bundle {number} ({bad.what})"
            try:
                (reason, wrong), took = worker.ask(bad)
            except Ended as error:
                faults.append(f"{label}: {error}")
                continue
            memory = max(memory, took)
            reasons[reason.partition(":")[0][:40] or "accepted"] += 1
            faults += [f"{label}: {fault}" for fault in wrong]
            if took > MOST_MEMORY:
                faults.append(f"{label}: took {took >> 20} MB")
            if done % 100 == 0:
                say(f"{done} of {len(numbers)} bundles, {len(faults)} faults")
    refused = sum(reasons.values()) - reasons["accepted"]
    return BundlesFound(len(numbers), refused, dict(reasons.most_common()), faults, memory)


def fuzz_served(home: Path, numbers: range, seed: int) -> list[str]:
    """Makes bundles champion of a running API; what must not be, with the bundle's number."""
    faults = []
    uri = lifecycle.ensure_running(home)
    try:
        with open_registry(uri, "farol") as registry, _serving(home, registry) as (api, good):
            pids = sorted(str(worker["pid"]) for worker in api.workers())
            for number, bad in bad_ones(numbers, seed, load_task(TASK)):
                version = bundles.register(registry, Archive(bad.data))
                bundles.promote(registry, version)
                until(lambda version=version: _settled(api, version))  # type: ignore[misc]
                answer = api.post("/predict", {"inde": 7.5})
                if answer.status_code != 200:
                    faults.append(f"bundle {number} ({bad.what}): {answer.status_code}")
                bundles.promote(registry, good)
                until(lambda: all(one["version"] == good for one in api.workers()))
            if sorted(str(worker["pid"]) for worker in api.workers()) != pids:
                faults.append("a worker died")
    finally:
        lifecycle.stop(home)
    return faults


@contextmanager
def _serving(home: Path, registry: Any) -> Iterator[tuple[Server, str]]:
    registry.run(indexes.ensure_indexes())
    good = bundles.register(registry, bundles.archive())
    bundles.promote(registry, good)
    with served(home, workers=2) as api:
        until(lambda: [one["version"] for one in api.workers()] == [good] * 2)
        yield api, good


def _settled(api: Server, version: str) -> bool:
    """Whether every worker serves a version, or the host has refused it."""
    health = api.get("/health").json()
    serves = [worker["version"] == version for worker in health["workers"]]
    return all(serves) or health["parts"]["champion"].get("quarantined") == version


def main() -> int:
    """Prints what was found; 1 where anything was."""
    parser = argparse.ArgumentParser(prog="bundle_fuzz", description=__doc__)
    parser.add_argument("--bundles", type=int, default=500)
    parser.add_argument("--served", type=int, default=20, help="of them, by a running API")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="the number of one bundle, to see it again")
    given = parser.parse_args()
    started = time.monotonic()
    first = given.only or 0
    numbers = range(first, first + (given.bundles if given.only is None else 1))
    with tempfile.TemporaryDirectory() as home:
        found = fuzz_bundles(
            Path(home), numbers, given.seed, lambda line: print(line, file=sys.stderr)
        )
    faults = found.faults
    if given.served:
        with tempfile.TemporaryDirectory() as home:
            faults += fuzz_served(Path(home), range(first, first + given.served), given.seed)
    print(
        f"{found.bundles} bundles, {given.served} of them served, "
        f"in {time.monotonic() - started:.0f} s, seed {given.seed}"
    )
    print(f"{found.refused} refused; at most {found.memory >> 20} MB")
    print(dict(list(found.reasons.items())[:12]))
    print(f"{len(faults)} faults", *faults[:40], sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
