"""The leakage guard: refuses features that determine the outcome, alone or together.

A feature that decides the outcome is the outcome under another name: known only when it is, and
worthless for prediction. In PEDE, IAN decides the lag of its own year without one exception, and
INDE is a weighted sum that contains IAN, so that INDE and its parts give it away together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from model.errors import LeakageError
from preprocessing.dataset import TrainingSet
from preprocessing.leakage_measures import PROBED, LeakageProbe, ProbedKind, block, probe_folds
from preprocessing.task.spec import TaskSpec

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]

ROWS = 3000
"""Records looked at; a determination shows in far fewer."""
FEWEST = 30
"""Records of each outcome, below which a cross-validated figure says nothing."""
TOO_FEW = f"fewer than {FEWEST} students of each outcome: nothing can be measured"
SLACK = 0.002
"""A feature is left out of a conspiracy when the figure without it falls by less than this."""


@dataclass(frozen=True, slots=True)
class Culprits:
    """One feature that determines the outcome, or several that do so together.

    Attributes:
        features: canonical names.
        figure: AUC, or R² for a numeric outcome, on students held back.
    """

    features: tuple[str, ...]
    figure: float


@dataclass(frozen=True, slots=True)
class LeakageReport:
    """What the guard measured.

    Attributes:
        metric: `auc`, or `r2` for a numeric outcome.
        alone: feature to its figure, those accepted by the task included.
        together: the highest figure of the remaining features together; 0.0 if none remain.
        culprits: what is refused; empty when the features pass.
        accepted: features the task tells the guard to accept, with the reason; to be recorded.
        skipped: why nothing was measured; empty if it was.
    """

    metric: str
    alone: Mapping[str, float]
    together: float
    culprits: tuple[Culprits, ...]
    accepted: Mapping[str, str]
    skipped: str = ""


def check_leakage(data: TrainingSet, task: TaskSpec, *, seed: int = 0) -> LeakageReport:
    """Passes features that are honest.

    Args:
        data: n labelled records.
        task: its features, outcome kind, and how suspicious to be (`leakage`).
        seed: for folds and for the sample taken of many records.

    Raises:
        LeakageError: features determine the outcome; each is named with its figure.
    """
    report = measure_leakage(data, task, seed=seed)
    if report.culprits:
        raise LeakageError(_refusal(task, report.culprits))
    return report


def measure_leakage(data: TrainingSet, task: TaskSpec, *, seed: int = 0) -> LeakageReport:
    """Measures every feature alone, then what is left together until that is honest."""
    metric = PROBED[task.outcome.kind].metric
    trials = _trials(data, task, seed)
    if not trials:
        return LeakageReport(metric, {}, 0.0, (), dict(task.leakage.accepted), TOO_FEW)
    # Small fits: more threads than one wait for each other longer than they compute.
    with threadpool_limits(limits=1):
        return _measure(trials, task, metric)


def _measure(trials: Sequence[LeakageProbe], task: TaskSpec, metric: str) -> LeakageReport:
    accepted, limit = dict(task.leakage.accepted), task.leakage.alone
    alone = {c.name: max(t.alone(c.name) for t in trials) for c in task.features}
    culprits = [
        Culprits((name,), figure)
        for name, figure in alone.items()
        if figure >= limit and name not in accepted
    ]
    suspects = [n for n in sorted(alone, key=lambda n: (alone[n], n)) if alone[n] < limit]
    together, conspiracies = _conspiracies(trials, suspects, task.leakage.jointly, accepted)
    return LeakageReport(metric, alone, together, (*culprits, *conspiracies), accepted)


def _conspiracies(
    trials: Sequence[LeakageProbe], suspects: list[str], limit: float, accepted: Mapping[str, str]
) -> tuple[float, tuple[Culprits, ...]]:
    """Takes out one group after the other until the rest together stays below the limit."""
    found: list[Culprits] = []
    remaining = [name for name in suspects if name not in accepted]
    while remaining:
        figure, measure = _most_telling(trials, remaining)
        if figure < limit:
            return figure, tuple(found)
        group = _smallest(measure, remaining, max(limit, figure - SLACK))
        found.append(Culprits(tuple(sorted(group)), measure(group)))
        remaining = [name for name in remaining if name not in group]
    return 0.0, tuple(found)


Measure = Callable[[Sequence[str]], float]


def _most_telling(trials: Sequence[LeakageProbe], features: Sequence[str]) -> tuple[float, Measure]:
    measures: list[Measure] = [m for trial in trials for m in (trial.linear, trial.forest)]
    figures = [measure(features) for measure in measures]
    best = int(np.argmax(figures))
    return figures[best], measures[best]


def _smallest(measure: Measure, features: Sequence[str], limit: float) -> list[str]:
    """The features without which the figure would fall below the limit, weakest tried first."""
    kept = list(features)
    for name in features:
        without = [other for other in kept if other != name]
        if without and measure(without) >= limit:
            kept = without
    return kept


def _trials(data: TrainingSet, task: TaskSpec, seed: int) -> list[LeakageProbe]:
    """All records, and those of each period: weights that differ by year hide in the whole."""
    kind, rng = PROBED[task.outcome.kind], np.random.default_rng(seed)
    two_valued = task.outcome.form.two_valued
    parts = [np.arange(len(data))]
    periods = np.unique(data.periods)
    if len(periods) > 1:
        parts += [np.flatnonzero(data.periods == period) for period in periods]
    trials = []
    for part in parts:
        taken = data.take(np.sort(_sample(rng.permutation(part), data.outcome, two_valued)))
        if _measurable(taken, kind):
            blocks = {c.name: block(c, taken.records) for c in task.features}
            folds = probe_folds(taken.outcome, taken.students, kind, seed=seed)
            trials.append(LeakageProbe(blocks, taken.outcome, folds, kind, seed))
    return trials


def _sample(mixed: Positions, outcome: Floats, two_valued: bool) -> Positions:
    """The first `ROWS` of the mixed positions; of a rare outcome as many as are looked for."""
    if not two_valued:
        return mixed[:ROWS]
    first = [mixed[outcome[mixed] == value][:FEWEST] for value in (0.0, 1.0)]
    rest = mixed[~np.isin(mixed, np.concatenate(first))]
    return np.concatenate([*first, rest])[:ROWS]


def _measurable(data: TrainingSet, kind: ProbedKind) -> bool:
    return min(kind.rarest(data.outcome), len(np.unique(data.students))) >= FEWEST


def _refusal(task: TaskSpec, culprits: Sequence[Culprits]) -> str:
    """What was found, and the two ways to go on."""
    names = sorted({name for one in culprits for name in one.features})
    accepted = ", ".join(f"{name}: why it is known when predicting" for name in names)
    return (
        f"task {task.name}: {'; '.join(map(_accusation, culprits))}. Take what is known only with "
        "the outcome out of `features`. What is known when predicting is accepted by this key of "
        f"the task's YAML file, and the reason is recorded in every version: "
        f"leakage: {{accepted: {{{accepted}}}}}"
    )


def _accusation(culprits: Culprits) -> str:
    names = ", ".join(culprits.features)
    if len(culprits.features) == 1:
        return f"{names} alone determines the outcome (figure {culprits.figure:.3f})"
    return f"{names} together determine the outcome (figure {culprits.figure:.3f})"
