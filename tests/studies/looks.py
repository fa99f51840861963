"""How often luck wins somewhere in a period of 52 weekly looks, and what a real gain is given.

`python -m tests.studies.looks score` draws two models of known quality, as
`tests.studies.promotion_simulation` does, and lets the challenger be looked at every week:

* `seeds`: the period's labels are all there; each week's challenger is dealt and fitted otherwise.
* `refits`: the same, and each week's challenger differs by the noise of a refit only.
* `growing`: labels grow from 120 to 765, and the challenger is refitted on them each week.

`python -m tests.studies.looks real` trains LightGBM through the real code on generated schools
whose labels grow likewise. The champion has learned from 612 students, the challenger of every fold
from 612 of the 765 newest (fewer new ones, and the rest of those the champion knows): no true gain.

Each prints one JSON object a world; `python -m tests.studies.looks sum FILE...` prints the tables
of docs/promotion.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from model.decisions.looks import PeriodLooks
from model.figures import wilson
from preprocessing.cohorts.scenarios import Scenario
from preprocessing.cohorts.write import write_cohorts
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.files.loading import read_tables
from preprocessing.pairing import paired
from preprocessing.task.policies import PromotionPolicy
from preprocessing.task.spec import TaskSpec, load_task
from retraining.promotion.bootstrap import Metric
from retraining.promotion.cases import Answers, Cases
from retraining.promotion.comparison import compare
from retraining.promotion.decision import decide
from retraining.promotion.evidence import BinaryEvidence
from retraining.promotion.looks import Counted, added, taken, told, weigh
from retraining.run.challenge import successor_trial
from tests.studies.promotion_simulation import Draw, Rivals, World, draw, rivals
from training.train import fit

WEEKS = 52
FIRST, LAST = 120, 765
NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = PromotionPolicy()
BUDGET = 1.0 - POLICY.confidence
ALIKE = {"seeds": 0.8, "refits": 0.95, "growing": 0.95}
"""Correlation of one week's challenger's own error with that of the week before."""
WORLDS = {"ours": World(correlation=0.6), "independent": World(correlation=0.0)}

Judge = Callable[[int], BinaryEvidence]
"""From a week to its evidence."""


def labels_at(week: int) -> int:
    """How many labels there are in that week, 0 the first."""
    return round(FIRST + (LAST - FIRST) * week / (WEEKS - 1))


def looks_of(sizes: Sequence[int], judge: Judge) -> list[dict[str, Any]]:
    """The looks that the rule takes, and whether it and the rule of before promote at each.

    Args:
        sizes: labels in each week.
        judge: called for the weeks that are looked at only.
    """
    held = PeriodLooks("2023")
    found, before = [], 0
    for week, labelled in enumerate(sizes):
        weighed = weigh(held, Counted("2023", labelled, LAST, labelled - before), BUDGET)
        if not (weighed.affordable and weighed.informed):
            continue
        look = taken(weighed, at=NOW + timedelta(weeks=week), run_id=str(week), digest=str(week))
        held, before = added(held, look), labelled
        evidence = replace(judge(week), look=told(held, look, BUDGET))
        found.append(
            {
                "week": week,
                "labelled": labelled,
                "alpha": look.alpha,
                "promoted": _promoted(evidence),
                "before": _promoted(replace(evidence, look=None)),
            }
        )
    return found


def _promoted(evidence: BinaryEvidence) -> bool:
    return not [g for g in decide(evidence, POLICY).guards if not g.passed]


def score_world(
    kind: str, against: Rivals, gain: int, *, seed: int, weekly: bool
) -> dict[str, Any]:
    """One world at score level: the looks of the rule and, if asked, of the rule of before weekly.

    Args:
        kind: of `ALIKE`.
        against: champion and challengers of a world.
        gain: which of its challengers.
        seed: of the world.
        weekly: whether every week is looked at by the rule of before.
    """
    rng = np.random.default_rng([seed, *kind.encode()])
    people = draw(against.world, LAST, [0.0], rng)
    champion_error = (people.champion - people.challengers[0]) / against.world.noise
    groups = np.where(rng.random(LAST) < 0.5, "a", "b")
    sizes = [labels_at(w) if kind == "growing" else LAST for w in range(WEEKS)]
    own, errors = rng.normal(size=LAST), []
    for _ in sizes:
        errors.append(own)
        own = ALIKE[kind] * own + np.sqrt(1 - ALIKE[kind] ** 2) * rng.normal(size=LAST)
    share = against.world.correlation

    @cache
    def judge(week: int) -> BinaryEvidence:
        n = sizes[week]
        both = share * champion_error + np.sqrt(1 - share**2) * errors[week]
        scores = people.challengers[0] + against.noises[gain] * both
        sample = Draw(people.outcome[:n], people.champion[:n], (scores[:n],))
        return _compared(against, gain, sample, groups[:n])

    found: dict[str, Any] = {"looks": looks_of(sizes, judge)}
    if weekly:
        found["weekly"] = any(_promoted(judge(week)) for week in range(WEEKS))
    return found


def _compared(
    against: Rivals, gain: int, sample: Draw, groups: np.ndarray[Any, Any]
) -> BinaryEvidence:
    n = len(sample.outcome)
    cases = Cases(
        outcome=sample.outcome,
        students=np.arange(n).astype(np.str_),
        periods=np.full(n, "2023"),
        protected={"gender": groups},
        rules={},
    )
    ours, theirs = against.challengers[gain], against.champion
    read = partial(
        compare,
        cases,
        Answers("v2", ours(sample.challengers[0]), ours.threshold),
        Answers("v1", theirs(sample.champion), theirs.threshold),
        POLICY,
        seed=0,
        metrics=(Metric.RECALL, Metric.RECALL_AROUND),
    )
    quick = read(resamples=1)
    objections = {g.name for g in decide(quick, POLICY).guards if not g.passed}
    return quick if objections - {"confidence"} else read()


def school(seed: int, task: TaskSpec) -> TrainingSet:
    """1,377 different students of one distribution, the last 765 of them new to the champion."""
    with tempfile.TemporaryDirectory(prefix="farol-looks-") as folder:
        files = write_cohorts(Path(folder), seed=seed, years=6, scenario=Scenario.STEADY)
        tables = [table for file in files for table in read_tables(file, task, now=NOW)]
    found = [label for label in paired(tables, task.longitudinal) if label.period > "2022"]
    order = np.random.default_rng(seed).permutation(len(found))
    several = {found[i].student_id: found[i] for i in order}
    some = [replace(label, period="2023") for label in list(several.values())[: 612 + LAST]]
    data = training_set(some, [column.name for column in task.protected])
    return data.take(np.random.default_rng(seed).permutation(len(data)))


def real_world(seed: int, task: TaskSpec) -> dict[str, Any]:
    """One generated school: LightGBM, labels growing, every look that the rule takes."""
    data = school(seed, task)
    old, new = data.take(np.arange(len(data) - LAST)), data.take(np.arange(len(data))[-LAST:])
    model = fit(old, task, seed=0, progress=lambda _: None)
    sizes = [labels_at(week) for week in range(WEEKS)]

    def judge(week: int) -> BinaryEvidence:
        n = sizes[week]
        window = data.take(
            np.arange(len(data) - LAST - min(len(old), LAST - n), len(data) - LAST + n)
        )
        fresh = np.arange(len(window)) >= len(window) - n
        trial = successor_trial(window, fresh, task, seed=0, progress=lambda _: None)
        cases = Cases(
            trial.cases.outcome,
            trial.cases.students,
            trial.cases.periods,
            trial.cases.protected,
            {},
        )
        return compare(
            cases,
            Answers("v2", trial.scores, trial.model.thresholds.operating),
            Answers("v1", model.score(trial.cases.records), model.thresholds.operating),
            POLICY,
            seed=0,
            metrics=(Metric.RECALL, Metric.RECALL_AROUND),
        )

    assert len(new) == LAST
    return {"kind": "real", "seed": seed, "looks": looks_of(sizes, judge)}


def summary(lines: Sequence[dict[str, Any]]) -> Iterator[str]:
    """A row a cell: promoted at least once, with its 95 % Wilson interval."""
    cells: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for line in lines:
        key = (line["kind"], line.get("world", "LightGBM"), line.get("gain", 0.0))
        cells.setdefault(key, []).append(line)
    yield (
        "| labels | world | true gain | worlds | one error budget | of before, same looks | "
        "of before, weekly | labels when promoted |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for (kind, world, gain), found in cells.items():
        ours = [any(look["promoted"] for look in one["looks"]) for one in found]
        same = [any(look["before"] for look in one["looks"]) for one in found]
        weekly = [one["weekly"] for one in found if "weekly" in one]
        at = [
            next(look["labelled"] for look in one["looks"] if look["promoted"])
            for one, won in zip(found, ours, strict=True)
            if won
        ]
        mean = f"{np.mean(at):.0f}" if at else ""
        yield (
            f"| {kind} | {world} | {gain:.0%} | {len(found)} | {_share(ours)} | {_share(same)} | "
            f"{_share(weekly)} | {mean} |"
        )


def _share(won: Sequence[bool]) -> str:
    if not won:
        return ""
    low, high = wilson(sum(won), len(won))
    return f"{np.mean(won):.1%} ({low:.1%} to {high:.1%})"


def main(argv: Sequence[str] | None = None) -> int:
    """Prints one JSON object a world, or the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.studies.looks", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    score = parts.add_parser("score", help="two models of known quality")
    score.add_argument("--kinds", nargs="+", choices=ALIKE, default=[*ALIKE])
    score.add_argument("--worlds", nargs="+", choices=WORLDS, default=[*WORLDS])
    score.add_argument("--gains", type=float, nargs="+", default=(0.0,))
    score.add_argument("--seeds", type=int, nargs=2, default=(0, 1000), metavar=("FROM", "TO"))
    score.add_argument(
        "--weekly", type=int, default=100, help="worlds in which the rule of before looks weekly"
    )
    real = parts.add_parser("real", help="LightGBM through the real code")
    real.add_argument("--seeds", type=int, nargs=2, default=(0, 60), metavar=("FROM", "TO"))
    parts.add_parser("sum", help="the tables").add_argument("files", type=Path, nargs="+")
    given = parser.parse_args(argv)
    if given.part == "sum":
        lines = [json.loads(line) for file in given.files for line in file.read_text().splitlines()]
        for row in summary(lines):
            sys.stdout.write(row + "\n")
        return 0
    for found in _score(given) if given.part == "score" else _real(given):
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
    return 0


def _score(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for world in given.worlds:
        against = rivals(WORLDS[world], given.gains)
        for kind in given.kinds:
            for number, gain in enumerate(given.gains):
                for seed in range(*given.seeds):
                    weekly = seed < given.weekly
                    found = score_world(kind, against, number, seed=seed, weekly=weekly)
                    yield {"kind": kind, "world": world, "gain": gain, "seed": seed, **found}


def _real(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    task = load_task("pede_lag")
    training = task.training.model_copy(update={"candidates": ("lightgbm",)})
    one = task.model_copy(update={"training": training})
    for seed in range(*given.seeds):
        yield real_world(seed, one)


if __name__ == "__main__":
    sys.exit(main())
