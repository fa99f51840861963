"""How a family does on students it did not see: grouped cross-validation inside the window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.computing.pool import HERE, Pool
from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.lanes import Lanes
from preprocessing.task.spec import TaskSpec
from training.continuing.start import RegrownStart
from training.families.family import Family
from training.kinds import KINDS, LearnedKind, kind_of
from training.sample import BegunModel, Sample, sample_of
from training.split import FOLDS, each_fold, grouped_folds

Array = NDArray[np.float64]

MOST_ROWS = 5_000
"""Records used to compare families; the chosen one is fitted on all."""
SMALL = 2_000
REPEATS = 3


@dataclass(frozen=True, slots=True)
class Fold:
    """One split, encoded by an encoder that saw only the training side.

    Attributes:
        sample: the training side.
        rows: the side held out, encoded.
        held: its positions among all records.
        columns: the feature, or derived number, that each encoded column is of.
    """

    sample: Sample
    rows: Array
    held: NDArray[np.intp]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one candidate.

    Attributes:
        params: what it was tried with.
        figures: means over the repeats: `objective`, `recall` (at the budget), `auc`,
            `average_precision`; for a numeric outcome `objective`, `mae`.
        margins: held-out margins of the first repeat, shape (n,).
        by_fold: the objective on each fold of each repeat, NaN where nobody was at risk.
        seconds: how long it took.
    """

    family: str
    params: Mapping[str, Any]
    figures: Mapping[str, float]
    margins: Array
    by_fold: Array
    seconds: float


@dataclass(frozen=True, slots=True)
class FoldFit:
    """One fit of cross-validation: a candidate on one fold of one repeat.

    Attributes:
        family: what is trained.
        params: its settings.
        repeat: of the folds, counted from 0.
        fold: within the repeat, counted from 0.
        seed: of the fit.
    """

    family: Family
    params: Mapping[str, Any]
    repeat: int
    fold: int
    seed: int


Repeats = Sequence[Sequence[Fold]]


def folds_of(
    data: TrainingSet,
    task: TaskSpec,
    *,
    seed: int,
    repeats: int | None = None,
    start: RegrownStart | None = None,
) -> list[list[Fold]]:
    """The splits every candidate is tried on: 5 folds, 3 times over where records are few.

    Args:
        data: n records.
        task: names the features.
        seed: of the dealing.
        repeats: how often they are dealt; None: as the size asks.
        start: for families that go on from trees; in each fold they are grown from those of its
            records that are on the training side.
    """
    known = None if start is None else start.known(data)
    if repeats is None:
        repeats = REPEATS if len(data) < SMALL else 1
    return [
        [
            _encoded(data, task, train, held, _part(start, known, train))
            for train, held in each_fold(
                grouped_folds(
                    data.outcome, data.students, task=task.name, seed=seed + repeat, folds=FOLDS
                )
            )
        ]
        for repeat in range(repeats)
    ]


def search_folds(
    data: TrainingSet,
    task: TaskSpec,
    *,
    seed: int,
    repeats: int | None = None,
    start: RegrownStart | None = None,
) -> list[Fold]:
    """The splits that settings are searched on, dealt otherwise than those of `folds_of`.

    Where there is a newest period to predict from earlier ones, that is what is asked, of students
    the model did not see in any period. Else as `folds_of`.

    Args:
        data: n records.
        task: names the features.
        seed: of the dealing.
        repeats: at most so often they are dealt; None: as often as the size asks.
        start: as in `folds_of`.
    """
    known = None if start is None else start.known(data)
    most = 2 if len(data) < SMALL else 1
    seeds = [seed + 2000 + i for i in range(min(most, repeats or most))]
    newest = data.periods == np.unique(data.periods)[-1]
    forward = _enough(data.take(newest), task) and _enough(data.take(~newest), task)
    folds = []
    for one in seeds:
        dealt = grouped_folds(data.outcome, data.students, task=task.name, seed=one)
        for train, held in each_fold(dealt):
            if forward:
                train, held = train[~newest[train]], held[newest[held]]
            if len(held):
                folds.append(_encoded(data, task, train, held, _part(start, known, train)))
    return folds


def _enough(data: TrainingSet, task: TaskSpec) -> bool:
    """Whether every fold of these records can be expected to have both outcomes."""
    return kind_of(task).rarest(data.outcome) >= FOLDS * FOLDS


def _encoded(
    data: TrainingSet,
    task: TaskSpec,
    train: NDArray[np.intp],
    held: NDArray[np.intp],
    begun: BegunModel | None = None,
) -> Fold:
    known = data.take(train)
    encoder = encoder_of(known, task, begun)
    rows = encoder.encode_many([data.records[i] for i in held])
    return Fold(sample_of(known, encoder, task, begun), rows, held, tuple(encoder.columns))


def encoder_of(data: TrainingSet, task: TaskSpec, begun: BegunModel | None) -> FeatureEncoder:
    """The encoder of a model that learns from these records.

    Trees read the rows that they were grown on, so what goes on from them keeps their encoder.
    """
    seen = data.records if begun is None else data.take(begun.known).records
    return FeatureEncoder.fit(task, seen)


def _part(
    start: RegrownStart | None, known: NDArray[np.bool_] | None, train: NDArray[np.intp]
) -> BegunModel | None:
    if start is None or known is None:
        return None
    return BegunModel(known[train], start.params)


def try_candidate(
    family: Family,
    params: Mapping[str, Any],
    outcome: Array,
    repeats: list[list[Fold]],
    *,
    budget: float | None,
    seed: int,
    lanes: Lanes | None = None,
    pool: Pool = HERE,
) -> Trial:
    """Cross-validates one family with one set of parameters.

    Args:
        family: what is trained.
        params: its settings.
        outcome: shape (n,).
        repeats: folds of the n records, dealt several times.
        budget: share that can be helped; None takes the share at risk.
        seed: of the fits.
        lanes: of the n records, where each has its own budget.
        pool: does the fits.
    """
    fits = fold_fits(family, params, repeats, seed)
    held_out = pool.each(fold_margins, repeats, fits)
    return trial_of(family, params, outcome, repeats, held_out, budget=budget, lanes=lanes)


def fold_fits(
    family: Family, params: Mapping[str, Any], repeats: Repeats, seed: int
) -> list[FoldFit]:
    """What cross-validating one candidate consists of, in the order that `trial_of` reads it."""
    return [
        FoldFit(family, params, repeat, fold, seed + repeat)
        for repeat, folds in enumerate(repeats)
        for fold in range(len(folds))
    ]


def fold_margins(repeats: Repeats, fit: FoldFit) -> Array:
    """Margins of the records that a fold holds out, in their order."""
    fold = repeats[fit.repeat][fit.fold]
    return np.asarray(fit.family.train(fold.sample, fit.params, fit.seed).margin(fold.rows))


def trial_of(
    family: Family,
    params: Mapping[str, Any],
    outcome: Array,
    repeats: list[list[Fold]],
    held_out: Iterator[Array],
    *,
    budget: float | None,
    lanes: Lanes | None = None,
) -> Trial:
    """What became of a candidate, from the margins of its `fold_fits`; no more of them are read.

    Args:
        family: what was trained.
        params: its settings.
        outcome: shape (n,).
        repeats: folds of the n records, dealt several times.
        held_out: what `fold_margins` gives of each fit.
        budget: share that can be helped; None takes the share at risk.
        lanes: of the n records, where each has its own budget.
    """
    started = perf_counter()
    margins = [_together(folds, held_out) for folds in repeats]
    kind = _kind(repeats[0][0])
    every = [kind.figures(outcome, m, budget, lanes) for m in margins]
    mean = {name: float(np.mean([one[name] for one in every])) for name in every[0]}
    by_fold = [
        kind.objective(outcome[fold.held], m[fold.held], budget, lanes and lanes.take(fold.held))
        for m, folds in zip(margins, repeats, strict=True)
        for fold in folds
    ]
    return Trial(
        family.name, dict(params), mean, margins[0], np.array(by_fold), perf_counter() - started
    )


def fold_objective(
    family: Family,
    params: Mapping[str, Any],
    fold: Fold,
    outcome: Array,
    budget: float | None,
    seed: int,
    lanes: Lanes | None = None,
) -> float:
    """The objective on the records one fold holds out.

    Args:
        family: what is trained.
        params: its settings.
        fold: whom it learns from and who is held out.
        outcome: shape (n,), of all records.
        budget: share that can be helped; None takes the share at risk.
        seed: of the fit.
        lanes: of all records, where each has its own budget.
    """
    margins = family.train(fold.sample, params, seed).margin(fold.rows)
    return _kind(fold).objective(
        outcome[fold.held], margins, budget, lanes and lanes.take(fold.held)
    )


def _together(folds: list[Fold], held_out: Iterator[Array]) -> Array:
    """The margin of every record from the model that did not see its student."""
    margins = np.zeros(sum(len(fold.held) for fold in folds))
    for fold, found in zip(folds, islice(held_out, len(folds)), strict=True):
        margins[fold.held] = found
    return margins


def _kind(fold: Fold) -> LearnedKind:
    return KINDS["numeric" if fold.sample.numeric else "binary"]
