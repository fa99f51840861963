"""How well figures are foretold before outcomes: `python -m tests.studies.estimated_performance`.

Students of `preprocessing.cohorts` grow up through steady years; a model is fitted on some of them
(`training.train.fit`, a logistic regression or LightGBM) in each of many worlds, and batches of
1,000 others are drawn under covariate shift: who comes depends on up to three of the indicators,
which therefore move by as much as one standard deviation, and on nothing else. At 10 % prevalence
the same students are thinned by their outcomes before anything is learned or drawn.

In the batches of a concept shift the outcomes come from a year in which engagement alone decides
who is promoted and more fall behind (`Scenario.EXCEPTIONAL`). Nothing in the features tells of it,
so that only outcomes can: the share of batches with a warning is told after the first 50, 100, 200
and 400 of them, and for the batches without a concept shift beside, where it is wrong.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from drift.performance import estimated_performance, realised_performance
from drift.performance.expected import (
    ExpectedShares,
    ScoredBatch,
    expected_shares,
    miscalibrated,
)
from drift.performance.held_out import BETWEEN_PERIODS, doubt_of
from drift.performance.over_time import JudgedRecords
from model.figures import Share
from model.risk_interval import HeldOutMap
from model.student import Features
from preprocessing.cohorts.scenarios import EVENT_YEAR, Scenario
from preprocessing.cohorts.students import Survey, ideal_phase, simulate
from preprocessing.dataset import TrainingSet
from preprocessing.lanes import operating_cuts
from preprocessing.task.spec import TaskSpec, load_task
from training.estimating.held_out_map import held_out_map
from training.train import fit
from training.trained_model import FittedModel

Floats = NDArray[np.float64]

BATCH = 1_000
MOST_SHIFT = 1.0
FIRST = (50, 100, 200, 400)
PREVALENCES = (0.46, 0.10)
FIGURES = ("recall", "precision", "auc")


@dataclass(frozen=True, slots=True)
class Pool:
    """Students with features of a year and the outcome of the next."""

    records: tuple[Features, ...]
    outcome: Floats

    def __len__(self) -> int:
        return len(self.records)

    def take(self, chosen: NDArray[np.intp]) -> Pool:
        return Pool(tuple(self.records[i] for i in chosen), self.outcome[chosen])


@dataclass(frozen=True, slots=True)
class World:
    """A model, what is known of its scores, and the students it never saw."""

    model: FittedModel
    known: HeldOutMap
    others: Pool
    rows: Floats
    scores: Floats
    cuts: Floats


@dataclass(frozen=True, slots=True)
class Row:
    """One batch: realised and expected figures, by name.

    Attributes:
        plain: expected of the scores alone, as they are.
        at_best: how often chance in the outcomes leaves what comes within 3 points, if the risk of
            each student were known.
    """

    came: dict[str, float]
    expected: dict[str, Share]
    plain: dict[str, float]
    at_best: dict[str, float]


def pool(scenario: Scenario, histories: int, seed: int, year: int | None = None) -> Pool:
    """Pairs of years of so many simulated schools.

    Args:
        scenario: what happens in them.
        histories: how many schools.
        seed: of the first one.
        year: of the outcome; None is any.
    """
    records: list[Features] = []
    outcome: list[float] = []
    for history in range(histories):
        before: dict[int, Survey] = {}
        for of, surveys in simulate(seed + history, 3, scenario):
            now = {survey.pupil.number: survey for survey in surveys}
            if year is None or of == year:
                both = sorted(before.keys() & now.keys())
                records += [features_of(before[number]) for number in both]
                outcome += [float(now[number].lag < 0) for number in both]
            before = now
    return Pool(tuple(records), np.array(outcome))


def features_of(survey: Survey) -> Features:
    """What `pede_lag` knows of a student."""
    pupil, year = survey.pupil, survey.year
    return {
        **survey.indicators,
        "fase": float(pupil.phase),
        "fase_ideal": float(ideal_phase(pupil.grade(year), year)),
        "defasagem": float(survey.lag),
        "idade": float(year - pupil.birth.year),
        "anos_programa": float(year - pupil.entered),
        "n_avaliacoes": float(survey.evaluators),
    }


def thinned(students: Pool, odds: float, random: np.random.Generator) -> Pool:
    """Fewer of one outcome, so that the odds of being at risk are so many times theirs."""
    keep = np.where(students.outcome > 0.5, min(1.0, odds), min(1.0, 1 / odds))
    return students.take(np.flatnonzero(random.random(len(students)) < keep))


def odds_to(prevalence: float, students: Pool) -> float:
    """By how much the odds must change for that prevalence."""
    now = float(students.outcome.mean())
    return prevalence / (1 - prevalence) * (1 - now) / now


def world(students: Pool, task: TaskSpec, *, train: int, family: str, seed: int) -> World:
    """Learns from some students; the others are left."""
    order = np.random.default_rng(seed).permutation(len(students))
    learned, others = students.take(order[:train]), students.take(order[train:])
    data = TrainingSet(
        records=learned.records,
        outcome=learned.outcome,
        students=np.array([f"S{i}" for i in range(train)]),
        periods=np.array(["2023"] * train),
        protected={},
    )
    model = fit(data, task, seed=seed, progress=lambda _: None, family=family, repeats=1)
    known = held_out_map(learned.outcome, model.held_out, model.encoder.encode_many(data.records))
    assert known is not None
    rows = model.encoder.encode_many(others.records)
    scores = model.calibration.score(model.scorer.margin(rows))
    cuts = operating_cuts(model.thresholds, others.records)
    return World(model, known, others, rows, scores, cuts)


def shifted(rows: Floats, random: np.random.Generator, size: int = BATCH) -> NDArray[np.intp]:
    """A batch that is drawn by what up to three columns say, of all without putting back."""
    varied = np.flatnonzero(rows.std(axis=0) > 0.1)
    chosen = random.permutation(varied)[: random.integers(1, 4)]
    standard = (rows[:, chosen] - rows[:, chosen].mean(axis=0)) / rows[:, chosen].std(axis=0)
    direction = random.choice([-1.0, 1.0], size=len(chosen)) / np.sqrt(len(chosen))
    pull = random.uniform(0, MOST_SHIFT) * np.clip(standard, -3, 3) @ direction
    # The largest of log-weight plus Gumbel noise: a weighted draw without putting back.
    return np.argsort(-(pull + random.gumbel(size=len(rows))))[:size]


def batches(
    found: World, number: int, random: np.random.Generator, between: float = BETWEEN_PERIODS
) -> Iterator[Row]:
    """Batches under covariate shift, expected and realised."""
    for _ in range(number):
        chosen = shifted(found.rows, random)
        batch = ScoredBatch(found.scores[chosen], found.cuts[chosen], found.rows[chosen])
        doubt = doubt_of(batch.scores, found.known, batch.rows, between=between)
        expected = expected_shares(batch, doubt, seed=int(random.integers(2**31)))
        yield Row(
            realised_performance(found.others.outcome[chosen], batch.scores, batch.cuts),
            named(expected),
            estimated_performance(batch.scores, batch.cuts),
            within_by_chance(batch),
        )


def within_by_chance(batch: ScoredBatch, points: float = 0.03) -> dict[str, float]:
    """How often recall and precision come that near to their mean, the scores taken as true.

    Normal, by the delta method on a ratio of sums of independent outcomes.
    """
    flags, spread = batch.scores >= batch.cuts, batch.scores * (1 - batch.scores)
    found, missed = batch.scores[flags].sum(), batch.scores[~flags].sum()
    recall = missed**2 * spread[flags].sum() + found**2 * spread[~flags].sum()
    errors = {
        "recall": float(np.sqrt(recall) / (found + missed) ** 2),
        "precision": float(np.sqrt(spread[flags].sum()) / flags.sum()),
    }
    return {name: float(2 * ndtr(points / error) - 1) for name, error in errors.items()}


def warned(
    found: World, outcome: Floats, rows: Floats, scores: Floats, cuts: Floats,
    number: int, random: np.random.Generator,
) -> list[float]:  # fmt: skip
    """The share of batches with a warning after the first outcomes, for each of `FIRST`."""
    warnings = np.zeros(len(FIRST))
    for _ in range(number):
        chosen = random.permutation(shifted(rows, random, min(BATCH, len(rows) // 2)))
        for place, first in enumerate(FIRST):
            some = chosen[:first]
            judged = JudgedRecords(outcome[some], scores[some], cuts[some], rows=rows[some])
            warnings[place] += bool(miscalibrated(judged, found.known))
    return [float(share) for share in warnings / number]


def named(expected: ExpectedShares) -> dict[str, Share]:
    return {name: getattr(expected, name) for name in FIGURES}


def covered(rows: Sequence[Row], name: str) -> float:
    """Share of batches whose interval holds what came."""
    return float(np.mean([_within(row.expected[name], row.came[name]) for row in rows]))


def near(rows: Sequence[Row], name: str, *, points: float = 0.03) -> float:
    """Share of batches whose estimate is that near to what came."""
    return float(np.mean([abs((row.expected[name].value or 0) - row.came[name]) <= points
                          for row in rows]))  # fmt: skip


def width(rows: Sequence[Row], name: str) -> float:
    """Median half width of the intervals."""
    shares = [row.expected[name] for row in rows]
    return float(np.median([((s.high or 0) - (s.low or 0)) / 2 for s in shares]))


def _within(share: Share, came: float) -> bool:
    return share.low is not None and share.high is not None and share.low <= came <= share.high


def _near_plain(rows: Sequence[Row], name: str) -> float:
    return float(np.mean([abs(row.plain[name] - row.came[name]) <= 0.03 for row in rows]))


def _shares(values: Sequence[float]) -> str:
    return " | ".join(f"{value:.1%}" for value in values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=30, help="simulated schools (default 30)")
    parser.add_argument("--worlds", type=int, default=20, help="models of each kind (default 20)")
    parser.add_argument("--batches", type=int, default=50, help="of each world (default 50)")
    parser.add_argument("--train", type=int, default=1_500, help="records learned from")
    parser.add_argument("--families", nargs="+", default=["logistic_regression", "lightgbm"])
    parser.add_argument(
        "--between", type=float, default=BETWEEN_PERIODS,
        help="spread between school years that the intervals hold; these students have none",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    task = load_task("pede_lag")
    steady = pool(Scenario.STEADY, given.histories, given.seed * 1_000)
    changed = pool(
        Scenario.EXCEPTIONAL, max(2, given.histories // 4), given.seed * 1_000 + 500, EVENT_YEAR
    )
    print(
        f"{len(steady)} students, {len(changed)} with a concept shift; {given.train} learned from"
    )
    columns = (
        "prevalence", "family", "figure", "interval holds", "within 3 points", "at best", "plain",
        "half width",
    )  # fmt: skip
    print(f"| {' | '.join(columns)} |")
    print("|--:|---|---|--:|--:|--:|--:|--:|")
    told: list[str] = []
    for prevalence in PREVALENCES:
        for family in given.families:
            rows, quiet, loud = _of_kind(steady, changed, task, prevalence, family, given)
            for name in FIGURES:
                plain = f"{_near_plain(rows, name):.1%}" if name in rows[0].plain else ""
                best = [row.at_best[name] for row in rows if name in row.at_best]
                at_best = f"{np.mean(best):.1%}" if best else ""
                print(
                    f"| {prevalence:.0%} | {family} | {name} | {covered(rows, name):.1%} "
                    f"| {near(rows, name):.1%} | {at_best} | {plain} | {width(rows, name):.3f} |"
                )
            told.append(f"| {prevalence:.0%} | {family} | concept shift | {_shares(loud)} |")
            told.append(f"| {prevalence:.0%} | {family} | none | {_shares(quiet)} |")
    print("\n| prevalence | family | warned after | " + " | ".join(map(str, FIRST)) + " |")
    print("|--:|---|---|" + "--:|" * len(FIRST))
    print("\n".join(told))


def _of_kind(
    steady: Pool, changed: Pool, task: TaskSpec, prevalence: float, family: str,
    given: argparse.Namespace,
) -> tuple[list[Row], list[float], list[float]]:  # fmt: skip
    rows: list[Row] = []
    quiet, loud = [], []
    for number in range(given.worlds):
        random = np.random.default_rng([given.seed, number, round(prevalence * 100)])
        odds = odds_to(prevalence, steady)
        found = world(
            thinned(steady, odds, random), task, train=given.train, family=family, seed=number
        )
        rows += batches(found, given.batches, random, given.between)
        few = max(1, given.batches // 5)
        quiet.append(warned(found, found.others.outcome, found.rows, found.scores, found.cuts,
                            few, random))  # fmt: skip
        other = thinned(changed, odds, random)
        theirs = found.model.encoder.encode_many(other.records)
        scores = found.model.calibration.score(found.model.scorer.margin(theirs))
        cuts = operating_cuts(found.model.thresholds, other.records)
        loud.append(warned(found, other.outcome, theirs, scores, cuts, few, random))
    return rows, np.mean(quiet, axis=0).tolist(), np.mean(loud, axis=0).tolist()


if __name__ == "__main__":
    main()
