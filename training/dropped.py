"""What each feature brings: the chosen model fitted again without it, on the same folds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from model.computing.pool import HERE, Pool
from model.dropped import DroppedFeatures, DroppedStudy
from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.lanes import Lanes, lanes_of
from preprocessing.task.events import event_columns
from preprocessing.task.formula import Formula
from preprocessing.task.history_columns import added_columns
from preprocessing.task.spec import TaskSpec
from training.candidates import candidate
from training.continuing.start import NOBODY, NoStart, RegrownStart
from training.cross_validation import Fold, fold_objective, folds_of
from training.families.family import Family
from training.paired_gain import paired_gain
from training.split import FOLDS
from training.train import part_for_comparison

Array = NDArray[np.float64]
Progress = Callable[[str], None]

STUDIED_ROWS = 2_000
"""Most records it is measured on, which bounds what a column costs."""
MOST_CELLS = 100_000
"""Columns times records up to which it is measured; each column costs five fits."""


def dropped_features(
    data: TrainingSet,
    task: TaskSpec,
    family: str,
    params: Mapping[str, Any],
    *,
    seed: int,
    progress: Progress,
    start: RegrownStart | NoStart = NOBODY,
    pool: Pool = HERE,
) -> DroppedStudy:
    """Fits the family without each column in turn, and measures what that costs.

    Args:
        data: the window.
        task: names the columns, and what is worked out from them.
        family: the chosen one; no other is tried.
        params: its settings, the same throughout.
        seed: of the folds and fits.
        progress: told of each column.
        start: what the family goes on from; in each fold it is grown anew, without the column.
        pool: does the fits.
    """
    some = data.take(part_for_comparison(data, task.name, seed, STUDIED_ROWS))
    used = set(FeatureEncoder.fit(task, some.records).columns)
    groups = [group for group in column_groups(task) if used & set(group)]
    if len(groups) * len(some) > MOST_CELLS:
        return DroppedStudy(
            len(some),
            skipped=f"{len(groups)} columns of {len(some):,} records are more than "
            f"{MOST_CELLS:,} values, too many to fit the model again without each",
        )
    with threadpool_limits(1, user_api="blas"):
        known = candidate(family)
        begun = start if known.continues and isinstance(start, RegrownStart) else None
        (folds,) = folds_of(some, task, seed=seed, repeats=1, start=begun)
        lanes = lanes_of(some.records, task)
        asked = _FitsWithout(folds, known, params, some.outcome, task.promotion.budget, seed, lanes)
        fits = [(group, fold) for group in [(), *groups] for fold in range(len(folds))]
        objectives = pool.each(_objective, asked, fits)
        usual = np.array(list(islice(objectives, len(folds))))
        found = []
        for number, group in enumerate(groups, 1):
            gain = paired_gain(np.array(list(islice(objectives, len(folds)))), usual, FOLDS)
            progress(f"without {group[0]} [{number}/{len(groups)}]: {-gain.mean:+.4f}")
            if np.isfinite(gain.error):
                found.append(DroppedFeatures(group, gain.mean, gain.error))
    found.sort(key=lambda one: (-one.brings, one.features))
    return DroppedStudy(
        len(some),
        float(np.nanmean(usual)),
        tuple(found),
        "" if found else "no column can be left out: too few columns, or records at risk",
    )


@dataclass(frozen=True, slots=True)
class _FitsWithout:
    """What is fitted again without a column: see `dropped_features`."""

    folds: Sequence[Fold]
    family: Family
    params: Mapping[str, Any]
    outcome: Array
    budget: float | None
    seed: int
    lanes: Lanes | None


def _objective(asked: _FitsWithout, without: tuple[tuple[str, ...], int]) -> float:
    """The objective on a fold without those columns; NaN where a fold has no other column."""
    group, at = without
    if not all(_kept(fold, group).any() for fold in asked.folds):
        return float("nan")
    fold = _without(asked.folds[at], group)
    return fold_objective(
        asked.family, asked.params, fold, asked.outcome, asked.budget, asked.seed, asked.lanes
    )


def column_groups(task: TaskSpec) -> Iterator[tuple[str, ...]]:
    """Each column that schools report, with its history and the derived numbers that read it.

    Then each aggregate of events.
    """
    plan = task.longitudinal
    for column in task.reported:
        group = [column.name]
        if plan is not None and column.name in plan.features:
            own = plan.model_copy(update={"features": (column.name,)})
            group += [added.name for added in added_columns(own, {column.name: column})]
        read = [d.name for d in task.derived if set(Formula(d.formula).names) & set(group)]
        yield (*group, *read)
    events = task.events
    for one in () if events is None else events.aggregates:
        yield tuple(column.name for column in event_columns((one,)))


def _without(fold: Fold, names: tuple[str, ...]) -> Fold:
    """The fold without the columns of those features, encoded as before otherwise."""
    kept = _kept(fold, names)
    held = fold.sample.monotone
    return replace(
        fold,
        sample=replace(
            fold.sample,
            rows=fold.sample.rows[:, kept],
            monotone=tuple(np.array(held)[kept].tolist()) if held else (),
        ),
        rows=fold.rows[:, kept],
        columns=tuple(np.array(fold.columns)[kept].tolist()),
    )


def _kept(fold: Fold, names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which columns are of other features."""
    return np.array([name not in names for name in fold.columns], dtype=np.bool_)
