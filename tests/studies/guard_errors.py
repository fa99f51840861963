"""How often guards err: objections by chance, what they find, and what gets past them.

Every cell draws worlds of known truth and runs the real guard, or the real decision, on each:

* `groups`: no gap between groups, or one; by `max_subgroup_gap`.
* `rare`: a challenger of known gain where few are at risk; the whole decision, and how often it
  would have failed the floor of 0.5 that was asked of everybody before.
* `crossing`: a challenger that is better around the budget and no better at it, on average over the
  students drawn; the whole decision, with and without `gain_at_budget`.
* `power`: a challenger 5 points better, likewise.
* `recalibration`: a champion whose log-odds are off by so much, its ranking untouched.

`python -m tests.studies.guard_errors --help` tells how to run it; results are in docs/promotion.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from model.figures import wilson
from model.promotion import DecisionStatus
from preprocessing.dataset import TrainingSet
from preprocessing.task.policies import PromotionPolicy
from preprocessing.task.spec import TaskSpec
from retraining.promotion.bootstrap import Metric
from retraining.promotion.cases import Answers, Cases
from retraining.promotion.comparison import compare
from retraining.promotion.decision import decide
from retraining.promotion.group_recall import group_recalls
from retraining.promotion.guards import examples
from retraining.promotion.guards.binary_groups import subgroup_gap
from retraining.promotion.ranking import Floats
from retraining.promotion.recalibration import compare_recalibration
from tests.retraining import school
from tests.studies.promotion_simulation import (
    POPULATION,
    Calibrator,
    World,
    noise_for,
    recall_at_prevalence,
)
from training.recalibrate import redraw

POLICY = PromotionPolicy()
RESAMPLES = 400
SIZE = 765
FOUND = 0.75
"""Share of those at risk that a model catches in a group without a gap."""
FLOOR = 0.5
"""The precision that was asked of every model before."""
FAR = 50.0
"""Puts whoever is above the line before whoever is below it."""
SAMPLE = {"min_labelled", "min_positives"}
LUCK = {"confidence", "gain_at_budget"}
Cell = Iterator[Mapping[str, object]]


def told(part: str, found: Mapping[str, Sequence[bool]], **cell: object) -> Mapping[str, object]:
    """One line: what was drawn, and of each question the share with its 95 % interval (Wilson)."""
    shares = {
        name: [round(float(np.mean(hits)), 4), *(round(x, 4) for x in wilson(sum(hits), len(hits)))]
        for name, hits in found.items()
    }
    return {"part": part, **cell, "worlds": len(next(iter(found.values()))), **shares}


# Groups.


def groups(worlds: int) -> Cell:
    """Two and five groups of 30, 60 and 150 at risk; none, a gap of 25 points, or an old one."""
    for count in (2, 5):
        for size in (30, 60, 150):
            for before, after in ((0.0, 0.0), (0.0, 0.25), (0.25, 0.25)):
                rng = np.random.default_rng([count, size, int(100 * after)])
                hits = [_objects(rng, count, size, before, after) for _ in range(worlds)]
                yield told(
                    "groups",
                    {"objects": [h for h, _ in hits], "limit_alone": [h for _, h in hits]},
                    groups=count, at_risk=size, champion_gap=before, gap=after,
                )  # fmt: skip


def _objects(
    rng: np.random.Generator, count: int, size: int, before: float, after: float
) -> tuple[bool, bool]:
    """Whether the guard objects, and whether the limit alone would: one group is missed more."""
    group = np.repeat(np.arange(count), size).astype(np.float64)
    shared, own = rng.normal(size=(2, len(group)))
    theirs = _caught(shared, group, before)
    ours = _caught(0.6 * shared + 0.8 * own, group, after)
    found = group_recalls(
        np.ones(len(group)), {"group": group.astype(np.str_)}, _names(len(group)), ours, theirs
    )
    recalls = [(g.challenger or 0.0, g.champion or 0.0) for g in found]
    gap, now = np.ptp(recalls, axis=0)
    guard = subgroup_gap(replace(examples.SUCCESSOR, groups=found), POLICY)
    return not guard.passed, bool(gap > max(POLICY.max_subgroup_gap, now))


def _caught(latent: Floats, group: Floats, gap: float) -> Floats:
    """Three quarters of each group are caught, of the first one fewer by the gap."""
    rates = np.where(group == 0, FOUND - gap, FOUND)
    caught: Floats = (latent < norm.ppf(rates)).astype(np.float64)
    return caught


def _names(n: int) -> NDArray[np.str_]:
    return np.arange(n).astype(np.str_)


# The whole decision.


def objections(
    outcome: Floats, ours: Answers, theirs: Answers, seed: int, waived: frozenset[str]
) -> set[str]:
    """The guards that object but for those waived; resamples only where nothing else does."""
    n = len(outcome)
    cases = Cases(outcome, _names(n), np.full(n, "2023"), {}, {})
    read = partial(
        compare, cases, ours, theirs, POLICY,
        seed=seed, metrics=(Metric.RECALL, Metric.RECALL_AROUND),
    )  # fmt: skip
    for resamples in (2, RESAMPLES):
        guards = decide(read(resamples=resamples), POLICY).guards
        found = {guard.name for guard in guards if not guard.passed} - waived
        if not found <= LUCK:
            break
    return found


@dataclass(frozen=True, slots=True)
class Rival:
    """A challenger in a world: its raw scores of what was drawn, and both models' calibration."""

    world: World
    scores: Callable[[Noise], Floats]
    champion: Calibrator
    challenger: Calibrator
    waived: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        world: World,
        scores: Callable[[Noise], Floats],
        waived: frozenset[str] = frozenset(),
    ) -> Rival:
        """Both calibrated on one population."""
        people = noise_of(world, POPULATION // 2, np.random.default_rng(2))
        return cls(
            world,
            scores,
            Calibrator(people.champion, people.outcome, world.prevalence),
            Calibrator(scores(people), people.outcome, world.prevalence),
            waived,
        )

    def objections(self, n: int, rng: np.random.Generator, seed: int) -> tuple[set[str], bool]:
        """On n students; and whether a floor of 0.5 on the precision would have objected."""
        people = noise_of(self.world, n, rng)
        ours = Answers("v2", self.challenger(self.scores(people)), self.challenger.threshold)
        theirs = Answers("v1", self.champion(people.champion), self.champion.threshold)
        flags = ours.scores >= ours.threshold
        precise = flags.any() and people.outcome[flags].mean() >= FLOOR
        return objections(people.outcome, ours, theirs, seed, self.waived), not precise


@dataclass(frozen=True, slots=True)
class Noise:
    """n students: latent risk, two models' errors, an error of no model, outcomes, champion."""

    risk: Floats
    both: Floats
    free: Floats
    outcome: Floats
    champion: Floats


def noise_of(world: World, n: int, rng: np.random.Generator) -> Noise:
    """As `promotion_simulation.draw`, with the parts that scores are made of."""
    risk, first, second, free = rng.normal(size=(4, n))
    chance = 1 / (1 + np.exp(-world.steepness * (risk - _offset(world))))
    both = world.correlation * first + np.sqrt(1 - world.correlation**2) * second
    outcome = (rng.random(n) < chance).astype(np.float64)
    return Noise(risk, both, free, outcome, risk + world.noise * first)


@cache
def _offset(world: World) -> float:
    return world.offset


RARE = World(prevalence=0.1, steepness=3.0, noise=0.9, even=1.47)
"""One in ten at risk, and half of the alarms false."""


def rare(worlds: int, sizes: Sequence[int] = (SIZE,)) -> Cell:
    """A challenger ten points better where one in ten is at risk."""
    for gain in (0.10, 0.0):
        rival = Rival.of(RARE, partial(_clearer, noise=noise_for(RARE, gain)))
        for n in sizes:
            rng = np.random.default_rng([n, int(100 * gain)])
            found = [rival.objections(n, rng, seed) for seed in range(worlds)]
            enough = [(objecting, floor) for objecting, floor in found if not objecting & SAMPLE]
            yield told(
                "rare",
                {
                    "promoted": [not objecting for objecting, _ in enough],
                    "before_at_budget": [o <= {"gain_at_budget"} for o, _ in enough],
                    "floor_objects": [floor for _, floor in enough],
                },
                prevalence=0.1, n=n, gain=gain, too_few=worlds - len(enough),
            )  # fmt: skip


def _clearer(people: Noise, noise: float) -> Floats:
    scores: Floats = people.risk + noise * people.both
    return scores


def power(worlds: int) -> Cell:
    """Five points better at PEDE's size: what asking at the budget itself costs."""
    for correlation in (0.6, 0.0):
        world = World(correlation=correlation)
        for gain in (0.0, 0.05):
            rival = Rival.of(world, partial(_clearer, noise=noise_for(world, gain)))
            yield _with_and_without("power", rival, worlds, correlation=correlation, gain=gain)


def crossing(worlds: int) -> Cell:
    """Better on either side of the budget, and on average no better at it.

    The guard on calibration is waived: it stops most of these for a reason of their making, that
    some below the line are more at risk than some above it.
    """
    for correlation in (0.6, 0.0):
        for side in ("both", "above", "below"):
            for sharpness in (0.8, 0.4):
                world = World(correlation=correlation)
                scores = _level_at_the_budget(world, side, sharpness)
                rival = Rival.of(world, scores, frozenset({"max_calibration_error"}))
                yield _with_and_without(
                    "crossing", rival, worlds,
                    correlation=correlation, better=side, noise_beside=sharpness,
                )  # fmt: skip


def _with_and_without(part: str, rival: Rival, worlds: int, **cell: object) -> Mapping[str, object]:
    rng = np.random.default_rng(765)
    found = [rival.objections(SIZE, rng, seed)[0] for seed in range(worlds)]
    return told(
        part,
        {
            "promoted": [not objecting for objecting in found],
            "before": [objecting <= {"gain_at_budget"} for objecting in found],
        },
        n=SIZE, **cell,
    )  # fmt: skip


def _level_at_the_budget(world: World, side: str, sharpness: float) -> Callable[[Noise], Floats]:
    """Scores that cross the champion's: by bisection of the noise of who is above the line.

    Who is above it is decided with more noise than the champion has, the order above or below with
    less, so that over samples of `SIZE` as many are caught at the budget as the champion catches.
    """
    low, high = 0.6, 1.4
    for _ in range(9):
        middle = (low + high) / 2
        scores = _crossing(world, side, sharpness, middle)
        low, high = (middle, high) if _mean_gain(world, scores) > 0 else (low, middle)
    return scores


def _crossing(world: World, side: str, sharpness: float, noise: float) -> Callable[[Noise], Floats]:
    people = noise_of(world, POPULATION // 4, np.random.default_rng(3))
    line = float(np.quantile(_clearer(people, noise), 1 - world.prevalence))

    def scores(drawn: Noise) -> Floats:
        rough, clear = _clearer(drawn, noise), drawn.risk + sharpness * drawn.free
        above = rough > line
        resorted = {"both": above | ~above, "above": above, "below": ~above}[side]
        found: Floats = np.where(above, FAR, -FAR) + np.where(resorted, clear, rough)
        return found

    return scores


def _mean_gain(world: World, scores: Callable[[Noise], Floats]) -> float:
    rng, gains = np.random.default_rng(4), []
    for _ in range(1500):
        people = noise_of(world, SIZE, rng)
        ours, theirs = scores(people), people.champion
        gains.append(
            recall_at_prevalence(people.outcome, ours)
            - recall_at_prevalence(people.outcome, theirs)
        )
    return float(np.mean(gains))


# Recalibration.


def recalibration(worlds: int) -> Cell:
    """A champion that ranks as ever, its log-odds off by so much."""
    task = school.task()
    for n in (300, 765):
        for off in (0.0, 0.25, 0.5, 1.0, 1.5):
            rng = np.random.default_rng([n, int(100 * off)])
            hits = [_recalibrated(rng, n, off, task, seed) for seed in range(worlds)]
            yield told("recalibration", {"promoted": hits}, n=n, off=off)


def _recalibrated(rng: np.random.Generator, n: int, off: float, task: TaskSpec, seed: int) -> bool:
    margins = 1.5 * rng.normal(size=n)
    outcome = (rng.random(n) < 1 / (1 + np.exp(-margins))).astype(np.float64)
    data = TrainingSet(({},) * n, outcome, _names(n), np.full(n, "2023"), {})
    redrawn = redraw(data, margins, task, seed=seed)
    evidence = compare_recalibration(
        Cases(outcome, _names(n), np.full(n, "2023"), {}, {}),
        Answers("v2", redrawn.scores, redrawn.drawn.thresholds.operating),
        Answers("v1", 1 / (1 + np.exp(-(margins + off))), 0.5),
        POLICY,
        ranking_kept=True,
        seed=seed,
        resamples=RESAMPLES,
    )
    return decide(evidence, POLICY).status is DecisionStatus.PROMOTED


PARTS: Mapping[str, Callable[[int], Cell]] = {
    "groups": groups,
    "rare": rare,
    "rare_many": partial(rare, sizes=(3000,)),
    "power": power,
    "crossing": crossing,
    "recalibration": recalibration,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Prints one JSON object a cell."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.studies.guard_errors",
        description="Simulates how often promotion guards object, find and miss.",
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=tuple(PARTS))
    parser.add_argument("--worlds", type=int, default=1000, help="per cell (1000)")
    options = parser.parse_args(argv)
    for part in options.parts:
        for line in PARTS[part](options.worlds):
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
