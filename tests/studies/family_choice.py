"""How the model is chosen: `python -m tests.studies.family_choice [--resamples 30]`.

Rules of choice, each on the same cross-validation of four fifths of some students (of new students
in generated worlds), asked about students it did not see. No outcome of PEDE 2024 is read.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from preprocessing.cohorts.scenarios import Scenario
from preprocessing.cohorts.write import write_cohorts
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.encoder import FeatureEncoder
from preprocessing.files.loading import read_tables
from preprocessing.pairing import paired
from preprocessing.task.spec import TaskSpec, load_task
from training.calibrate import sigmoid
from training.candidates import candidate, places
from training.cross_validation import Trial, folds_of, try_candidate
from training.family_choice import best_first
from training.kinds import KINDS
from training.sample import sample_of

Array = NDArray[np.float64]
Data = tuple[TaskSpec, TrainingSet, TrainingSet]
Rule = Callable[[Sequence[Trial], int], str]

DATA = Path(__file__).parents[3] / "shared" / "data"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("logistic_regression", "random_forest", "xgboost", "lightgbm")
MEAN = "mean of the four"
LEARNED_FROM = 600
TEST_WORLDS = 4
RARE = 0.1
TIMED = 40


@dataclass(frozen=True, slots=True)
class Answer:
    """How one model did on students it did not see.

    Attributes:
        objective: recall around the budget.
        new: recall of those not at risk now, as many flagged as are at risk; NaN if unknown.
        explain: CPU milliseconds of one explanation, of the scorer alone.
    """

    objective: float
    auc: float
    new: float
    explain: float


@dataclass(frozen=True, slots=True)
class Resample:
    """Each model's answer, and which of them each rule takes."""

    answers: Mapping[str, Answer]
    taken: Mapping[str, str]


def two_students(trials: Sequence[Trial], positives: int) -> str:
    """The rule of before: a lead of fewer than two students is a tie, which precision settles."""
    line = max(trial.figures["objective"] for trial in trials) - 2.0 / positives
    tied = [trial for trial in trials if trial.figures["objective"] >= line]
    return min(tied, key=lambda t: (-t.figures["average_precision"], t.family)).family


def most_found(trials: Sequence[Trial], _: int) -> str:
    """The best objective, whatever the lead."""
    return max(trials, key=lambda trial: trial.figures["objective"]).family


def one_error(trials: Sequence[Trial], _: int) -> str:
    """The rule of `training.family_choice`."""
    return best_first(trials, places())[0].family


def always(name: str) -> Rule:
    """The rule that takes that family whatever was tried."""
    return lambda *_: name


RULES: Mapping[str, Rule] = {
    "two students (before)": two_students,
    "best objective": most_found,
    "one standard error": one_error,
    **{f"always {name}": always(name) for name in (*NAMES, MEAN)},
}


def asked(
    task: TaskSpec, train: TrainingSet, test: TrainingSet, seed: int, repeats: int = 1
) -> Resample:
    """Cross-validates the families on `train`, fits each on all of it, and asks about `test`.

    Args:
        task: what is predicted.
        train: who is learned from.
        test: other students.
        seed: of folds and fits.
        repeats: of the cross-validation; one, as in each fold of a challenger's cross-fit.
    """
    splits = folds_of(train, task, seed=seed, repeats=repeats)
    encoder = FeatureEncoder.fit(task, train.records)
    rows = encoder.encode_many(test.records)
    sample = sample_of(train, encoder, task)
    trials, lines, times = [], {}, {}
    for name in NAMES:
        known = candidate(name)
        trial = try_candidate(known, known.params, train.outcome, splits, budget=None, seed=seed)
        scorer = known.train(sample, trial.params, seed)
        line = sigmoid(train.outcome, trial.margins)
        lines[name] = scorer.margin(rows) * line.slopes[0] + line.logits[0]
        times[name] = _milliseconds(scorer.contributions, rows)
        trials.append(trial)
    lines[MEAN] = np.mean(list(lines.values()), axis=0)
    times[MEAN] = sum(times.values())
    now = _present(task, test)
    positives = int(train.outcome.sum())
    return Resample(
        {name: _answer(test.outcome, line, now, times[name]) for name, line in lines.items()},
        {name: rule(trials, positives) for name, rule in RULES.items()},
    )


def _present(task: TaskSpec, data: TrainingSet) -> Array:
    """Who is at risk now, shape (n,); NaN where it is unknown."""
    values = [record.get(task.outcome.persistence or "") for record in data.records]
    states = [None if value is None else task.outcome.value_of(value) for value in values]
    return np.array([np.nan if state is None else state for state in states])


def _answer(outcome: Array, line: Array, now: Array, milliseconds: float) -> Answer:
    figures = KINDS["binary"].figures(outcome, line, None)
    flagged = np.argsort(-line, kind="stable")[: int(outcome.sum())]
    found = np.isin(np.arange(len(outcome)), flagged)
    new = (now == 0) & (outcome == 1)
    return Answer(
        figures["objective"],
        figures["auc"],
        float(found[new].mean()) if new.any() else float("nan"),
        milliseconds,
    )


def _milliseconds(explain: Callable[[Array], object], rows: Array) -> float:
    """The median, in CPU time of this thread: other work on the machine counts less."""
    took = []
    for row in rows[:TIMED]:
        began = time.thread_time()
        explain(row)
        took.append(time.thread_time() - began)
    return float(np.median(took)) * 1000


def of_the_same(task: TaskSpec, data: TrainingSet, seed: int) -> Data:
    """Four fifths of the students to learn from, the others to ask about."""
    names = np.unique(data.students)
    drawn = np.random.default_rng(seed).permutation(names)[: round(0.8 * len(names))]
    learned = np.isin(data.students, drawn)
    return task, data.take(learned), data.take(~learned)


def of_a_world(task: TaskSpec, test: TrainingSet, scenario: Scenario, seed: int) -> Data:
    """Students of a generated school to learn from, of other schools to ask about."""
    world = generated(task, scenario, seed)
    drawn = np.random.default_rng(seed).permutation(len(world))[:LEARNED_FROM]
    return task, world.take(np.sort(drawn)), test


def generated(task: TaskSpec, scenario: Scenario, seed: int) -> TrainingSet:
    """The first two years of a generated school: features of one, outcomes of the next."""
    with tempfile.TemporaryDirectory() as folder:
        world = _read(task, write_cohorts(Path(folder), seed=seed, years=2, scenario=scenario))
    return world if task.outcome.below == 0 else _thinned(world, seed)


def _thinned(data: TrainingSet, seed: int) -> TrainingSet:
    """Without as many of those at risk as leaves a tenth of all."""
    at_risk = np.random.default_rng(seed).permutation(np.flatnonzero(data.outcome == 1))
    kept = round(RARE / (1 - RARE) * float((data.outcome == 0).sum()))
    return data.take(np.setdiff1d(np.arange(len(data)), at_risk[kept:]))


def several(task: TaskSpec, scenario: Scenario) -> TrainingSet:
    """Students of schools that no model learns from."""
    worlds = [generated(task, scenario, 10_000 + i) for i in range(TEST_WORLDS)]
    return TrainingSet(
        records=tuple(record for world in worlds for record in world.records),
        outcome=np.concatenate([world.outcome for world in worlds]),
        students=np.concatenate([np.char.add(f"{i}-", w.students) for i, w in enumerate(worlds)]),
        periods=np.concatenate([world.periods for world in worlds]),
        protected={},
    )


def _read(task: TaskSpec, files: Sequence[Path], period: str | None = None) -> TrainingSet:
    tables = [t for file in files for t in read_tables(file, task, now=NOW, period=period)]
    return training_set(paired(tables), [])


def rarer(task: TaskSpec) -> TaskSpec:
    """At risk are those two phases behind or more, in place of one."""
    outcome = task.outcome.model_copy(update={"below": -1})
    return task.model_copy(update={"outcome": outcome})


def sources(folder: Path) -> Iterator[tuple[str, Callable[[int], Data]]]:
    """What is learned from: a title, and the data of a resample."""
    pede, uci = load_task("pede_lag"), load_task("uci_student")
    years = _read(pede, [folder / f"pede_{year}.csv" for year in (2022, 2023)])
    yield "PEDE 2022→2023", partial(of_the_same, pede, years)
    mathematics = _read(uci, [folder / "uci_student_mat.csv"], "2008")
    yield "uci_student", partial(of_the_same, uci, mathematics)
    for task, title in ((pede, "generated school"), (rarer(pede), "generated, rare")):
        test = several(task, Scenario.STEADY)
        rate = f"{title}, {test.outcome.mean():.0%} at risk"
        yield rate, partial(of_a_world, task, test, Scenario.STEADY)


def lines_of(resamples: Sequence[Resample]) -> Iterator[str]:
    """A row of the table for each rule; gains are on the rule of before, with their error."""
    usual = [r.answers[r.taken["two students (before)"]] for r in resamples]
    for rule in RULES:
        taken = [r.taken[rule] for r in resamples]
        answers = [r.answers[name] for r, name in zip(resamples, taken, strict=True)]
        gain = np.array([a.objective - u.objective for a, u in zip(answers, usual, strict=True)])
        family, times = Counter(taken).most_common(1)[0]
        error = gain.std(ddof=1) / np.sqrt(len(gain))
        new = [answer.new for answer in answers]
        told = f"{np.nanmean(new):.3f}" if not np.isnan(new).all() else ""
        yield (
            f"| {rule} | {np.mean([a.objective for a in answers]):.4f} "
            f"| {gain.mean():+.4f} ± {error:.4f} | {np.mean([a.auc for a in answers]):.4f} "
            f"| {told} | {family} {times / len(taken):.0%} "
            f"| {np.mean([a.explain for a in answers]):.2f} |"
        )


HEAD = (
    "objective", "gain on the rule of before", "AUC", "recall of new cases", "picked most",
    "explanation, ms",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a Markdown table for each source."""
    parser = argparse.ArgumentParser(prog="python -m tests.studies.family_choice")
    parser.add_argument("--resamples", type=int, default=30, metavar="N")
    parser.add_argument("--repeats", type=int, default=1, metavar="N")
    parser.add_argument("--only", default="", metavar="WORD", help="sources with it in their title")
    parser.add_argument("--data", type=Path, default=DATA, metavar="FOLDER")
    given = parser.parse_args(argv)
    for title, draw in sources(given.data):
        if given.only not in title:
            continue
        made = []
        for seed in range(given.resamples):
            with threadpool_limits(1):
                made.append(asked(*draw(seed), seed, given.repeats))
            sys.stderr.write(f"{title}: {seed + 1}/{given.resamples} {dict(made[-1].taken)}\n")
        sys.stdout.write(f"\n| {title} | {' | '.join(HEAD)} |\n|---|{'--:|' * len(HEAD)}\n")
        sys.stdout.writelines(f"{line}\n" for line in lines_of(made))
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
