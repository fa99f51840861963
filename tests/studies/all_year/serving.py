"""Who serves over the year: champions that stay, and such as learn each month's outcomes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.erasing.record_ids import Learned, record_id
from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec
from tests.studies.all_year.school import CHANGE
from training.continuing.start import NOBODY, GrownStart, RegrownStart
from training.train import fit
from training.trained_model import FittedModel

Floats = NDArray[np.float64]

STAYS = "kept all year"
ANEW = "trained anew each month"
GOES_ON = "goes on each month"
BATCH = "lightgbm"
ONLINE = "online_logistic"
SERVED: Mapping[str, tuple[str, str]] = {
    f"{BATCH}, {STAYS}": (BATCH, STAYS),
    f"{BATCH}, {ANEW}": (BATCH, ANEW),
    f"logistic_regression, {STAYS}": ("logistic_regression", STAYS),
    f"logistic_regression, {ANEW}": ("logistic_regression", ANEW),
    f"{ONLINE}, {STAYS}": (ONLINE, STAYS),
    f"{ONLINE}, {GOES_ON}": (ONLINE, GOES_ON),
}
"""What the rows of the tables are called, to a family and what is done with it."""


@dataclass(slots=True)
class Serving:
    """A model that serves, and what it has learned from; `scores` of the year so far."""

    name: str
    model: FittedModel
    known: TrainingSet
    scores: Floats

    @property
    def learns(self) -> bool:
        """Whether it learns what comes."""
        return SERVED[self.name][1] != STAYS

    def after(self, data: TrainingSet, task: TaskSpec, seed: int) -> Serving:
        """The one that serves the next month, when these outcomes have come as well."""
        known = joined(self.known, data)
        family, how = SERVED[self.name]
        if how == ANEW:
            model = trained(known, task, family, seed)
        else:
            start = start_of(self.model, self.known, task)
            model = trained(known, task, f"{family}_continued", seed, start)
        return Serving(self.name, model, known, self.scores)


@dataclass(frozen=True, slots=True)
class ServedYear:
    """What a year's records were told.

    Attributes:
        scores: of the records, shape (n,).
        turning: who served in the month of the change, with the scores until then.
        seconds: of processor time, mean of the fits in the year; 0 where there were none.
    """

    scores: Floats
    turning: Serving
    seconds: float


def served(
    before: TrainingSet, year: TrainingSet, task: TaskSpec, name: str, seed: int,
    begun: Serving | None = None,
) -> ServedYear:  # fmt: skip
    """Serves a year, month by month.

    Args:
        before: the year that the first model learns from.
        year: the records, in the order in which their outcomes come.
        task: of all.
        name: a key of `SERVED`.
        seed: of fits.
        begun: who served in the month of the change, in a year that was the same until then.
    """
    periods = sorted(set(year.periods.tolist()))
    now = begun or Serving(
        name, trained(before, task, SERVED[name][0], seed), before, np.full(len(year), np.nan)
    )
    scores, turning, seconds = now.scores.copy(), now, []
    for period in periods[periods.index(f"{CHANGE:%Y-%m}") if begun else 0 :]:
        at = year.periods == period
        month = year.take(at)
        if period == f"{CHANGE:%Y-%m}":
            turning = Serving(name, now.model, now.known, scores.copy())
        scores[at] = now.model.score(month.records)
        if now.learns and period != periods[-1]:
            began = time.process_time()
            now = now.after(month, task, seed)
            seconds.append(time.process_time() - began)
    return ServedYear(scores, turning, float(np.mean(seconds or [0.0])))


def trained(
    data: TrainingSet, task: TaskSpec, family: str, seed: int, start: GrownStart | None = None
) -> FittedModel:
    """The product's own fit, calibrated on records held out in one dealing of folds."""
    return fit(
        data, task, seed=seed, progress=lambda _: None, family=family, repeats=1,
        start=NOBODY if start is None else start,
    )  # fmt: skip


def start_of(model: FittedModel, known: TrainingSet, task: TaskSpec) -> GrownStart:
    """What a challenger goes on from, where that model serves."""
    learned = Learned(frozenset(record_id(s, p) for s, p in known.subjects()))
    root = model.family.removesuffix("_continued")
    recipe = RegrownStart("v1", root, model.params, task.feature_names, {}, learned)
    return GrownStart(recipe, model.encoder, model.scorer.dump())


def joined(first: TrainingSet, second: TrainingSet) -> TrainingSet:
    """All of both, in this order."""
    return TrainingSet(
        records=first.records + second.records,
        outcome=np.concatenate([first.outcome, second.outcome]),
        students=np.concatenate([first.students, second.students]),
        periods=np.concatenate([first.periods, second.periods]),
        protected={},
    )
