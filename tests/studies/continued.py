"""Fresh or continued: `python -m tests.studies.continued [--seeds 10]`.

Each year a model learns from all years so far: anew, or by going on from the model of the year
before. Both are asked about the next year, which neither has seen. PEDE has one pair of years that
may be looked at: students come in two parts, and others are asked about.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from model.figures import auc
from preprocessing.cohorts.scenarios import Scenario
from preprocessing.cohorts.write import write_cohorts
from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.task.spec import TaskSpec, load_task
from tests.studies.family_choice import DATA, _read
from training.candidates import candidate
from training.families.trees import tree_count
from training.kinds import KINDS
from training.sample import BegunModel, sample_of

Array = NDArray[np.float64]
ROOTS = ("lightgbm", "xgboost", "online_logistic")
YEARS = 8


@dataclass(slots=True)
class Chain:
    """A model that goes on from year to year; None: nothing yet."""

    family: str
    encoder: FeatureEncoder | None = None
    text: bytes = b""
    learned: frozenset[tuple[str, str]] = frozenset()

    def start(self, known: TrainingSet) -> BegunModel:
        """What goes on from it, where those records are learned from."""
        had = np.array([one in self.learned for one in known.subjects()])
        return BegunModel(had, candidate(self.family).params, self.text)


@dataclass(frozen=True, slots=True)
class Asked:
    """How one model did on students of a year it had not seen, and what it cost.

    Attributes:
        objective: recall around the budget.
        seconds: of CPU time, the encoding included.
    """

    objective: float
    auc: float
    seconds: float
    trees: int


Told = dict[tuple[str, int], list[Asked]]
"""By family, and the place in the rolling years."""


def asked(
    chain: Chain, known: TrainingSet, new: TrainingSet, task: TaskSpec, *, go_on: bool, seed: int
) -> Asked:
    """Trains on `known`, anew or from the chain's trees, and asks about `new`."""
    name = f"{chain.family}_continued" if go_on else chain.family
    began = time.process_time()
    encoder = chain.encoder if go_on else None
    if encoder is None:
        encoder = FeatureEncoder.fit(task, known.records)
    sample = sample_of(known, encoder, task, chain.start(known) if go_on else None)
    scorer = candidate(name).train(sample, candidate(name).params, seed)
    took = time.process_time() - began
    margins = scorer.margin(encoder.encode_many(new.records))
    chain.encoder, chain.text = encoder, scorer.dump()
    chain.learned |= set(known.subjects())
    figures = KINDS["binary"].figures(new.outcome, margins, None)
    return Asked(figures["objective"], auc(new.outcome, margins), took, tree_count(scorer))


def rolled(
    data: TrainingSet, task: TaskSpec, seed: int, told: Told, memory: int | None = None
) -> None:
    """Adds what comes of rolling years: year 1 alone, then all so far (or the newest `memory`)."""
    periods = np.unique(data.periods)
    for family in ROOTS:
        fresh, chain = Chain(family), Chain(family)
        for at in range(1, len(periods)):
            first = periods[0 if memory is None else max(0, at - memory)]
            known = data.take((data.periods < periods[at]) & (data.periods >= first))
            new = data.take(data.periods == periods[at])
            for name, one, go_on in (
                (family, fresh, False),
                (f"{family}_continued", chain, at > 1),
            ):
                add(told, (name, at), asked(one, known, new, task, go_on=go_on, seed=seed))


def add(told: Told, key: tuple[str, int], found: Asked) -> None:
    """Keeps the figures of one training."""
    told.setdefault(key, []).append(found)


def schools(task: TaskSpec, scenario: Scenario, seed: int, years: int, n: int) -> TrainingSet:
    """Generated schools over the years, as one district."""
    found = []
    for number in range(n):
        with tempfile.TemporaryDirectory() as folder:
            own = seed + 1000 * number
            files = write_cohorts(Path(folder), seed=own, years=years, scenario=scenario)
            one = _read(task, files)
        found.append(replace(one, students=np.char.add(f"{number}-", one.students)))
    return TrainingSet(
        records=tuple(record for one in found for record in one.records),
        outcome=np.concatenate([one.outcome for one in found]),
        students=np.concatenate([one.students for one in found]),
        periods=np.concatenate([one.periods for one in found]),
        protected={},
    )


def in_parts(task: TaskSpec, data: TrainingSet, seed: int, told: Told) -> None:
    """One pair of years: half of the students first, four fifths then, the others asked about."""
    names = np.random.default_rng(seed).permutation(np.unique(data.students))
    cut, end = round(0.4 * len(names)), round(0.8 * len(names))
    part = {name: 0 if i < cut else 1 if i < end else 2 for i, name in enumerate(names.tolist())}
    at = np.array([part[name] for name in data.students.tolist()])
    new = data.take(at == 2)
    for family in ROOTS:
        chain = Chain(family)
        asked(chain, data.take(at == 0), new, task, go_on=False, seed=seed)
        known = data.take(at < 2)
        add(told, (f"{family}_continued", 2), asked(chain, known, new, task, go_on=True, seed=seed))
        fresh = asked(Chain(family), known, new, task, go_on=False, seed=seed)
        add(told, (family, 2), fresh)


def lines_of(told: Told, at: Callable[[int], bool]) -> Iterator[str]:
    """A row for each family: the gain of going on, paired, and what it costs."""
    for family in ROOTS:
        fresh, chain = (
            [told[key] for key in sorted(told) if key[0] == name and at(key[1])]
            for name in (family, f"{family}_continued")
        )
        cells = []
        for values in ("objective", "auc"):
            anew, on = (_all(each, values) for each in (fresh, chain))
            # A history is one draw: its years share the students.
            gains = (on - anew).mean(axis=0)
            cell = f"{anew.mean():.4f} | {gains.mean():+.4f}"
            if len(gains) > 1:
                cell += f" ± {gains.std(ddof=1) / np.sqrt(len(gains)):.4f}"
            cells.append(cell)
        cost = [_all(each, "seconds").mean() for each in (fresh, chain)]
        trees = [_all(each, "trees").mean() for each in (fresh, chain)]
        yield (
            f"| {family} | {' | '.join(cells)} | {trees[0]:.0f}, {trees[1]:.0f} "
            f"| {cost[0]:.3f}, {cost[1]:.3f} ({cost[1] / cost[0]:.2f}) |"
        )


def _all(places: Sequence[Sequence[Asked]], name: str) -> Array:
    """A figure by place and seed."""
    return np.array([[getattr(one, name) for one in each] for each in places])


HEAD = (
    "| | anew: objective | continued | anew: AUC | continued | trees | CPU seconds of a fit |\n"
    "|---|--:|--:|--:|--:|--:|--:|\n"
)


Play = Callable[[int, Told], None]


def sources(task: TaskSpec, given: argparse.Namespace) -> Iterator[tuple[str, Play]]:
    """A title, and what adds the figures of a seed."""
    if (given.data / "pede_2022.csv").is_file() and given.schools == 1:
        years = _read(task, [given.data / f"pede_{year}.csv" for year in (2022, 2023)])
        yield "PEDE 2022→2023, in two parts", partial(in_parts, task, years)
    for scenario in given.scenarios:
        yield f"generated, {scenario}", partial(in_years, task, scenario, given)


def in_years(
    task: TaskSpec, scenario: Scenario, given: argparse.Namespace, seed: int, told: Told
) -> None:
    """The rolling years of generated schools."""
    data = schools(task, scenario, seed, given.years, given.schools)
    sys.stderr.write(f"{len(data):,} records of {given.schools} schools\n")
    rolled(data, task, seed, told, given.memory)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a Markdown table for each source; the result is the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.studies.continued")
    parser.add_argument("--seeds", type=int, default=10, metavar="N")
    parser.add_argument("--years", type=int, default=YEARS, metavar="N")
    parser.add_argument("--schools", type=int, default=1, metavar="N", help="of a district")
    parser.add_argument("--memory", type=int, default=None, metavar="YEARS", help="learned from")
    parser.add_argument("--scenarios", nargs="*", type=Scenario, default=list(Scenario))
    parser.add_argument("--data", type=Path, default=DATA, metavar="FOLDER")
    given = parser.parse_args(argv)
    task = load_task("pede_lag")
    for title, play in sources(task, given):
        told: Told = {}
        for seed in range(1, given.seeds + 1):
            with threadpool_limits(1):
                play(seed, told)
            sys.stderr.write(f"{title}: {seed}/{given.seeds}\n")
        sys.stdout.write(f"\n{title}\n\n{HEAD}")
        sys.stdout.writelines(f"{line}\n" for line in lines_of(told, lambda at: at > 1))
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
