"""From labelled records to a model: try the candidates, keep the best, calibrate, draw the line.

Nothing here sees an outcome that is not in `data`, and every figure that a choice rests on comes
from students held out: the encoder is learned anew on the training side of each split.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from model.computing.pool import HERE, Pool
from model.errors import ConfigurationError, NotEnoughData
from model.profile import build_profile
from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.lanes import lanes_of
from preprocessing.task.spec import TaskSpec
from training.candidates import candidate, places
from training.continuing.able import able
from training.continuing.start import (
    NOBODY,
    GrownStart,
    NoStart,
    RegrownStart,
    Start,
    without_trees,
)
from training.cross_validation import (
    MOST_ROWS,
    Fold,
    Trial,
    encoder_of,
    fold_fits,
    fold_margins,
    folds_of,
    trial_of,
)
from training.family_choice import best_first
from training.golden import golden_records
from training.importance import spread
from training.kinds import kind_of
from training.sample import BegunModel, Sample, sample_of
from training.split import FOLDS, shuffled
from training.trained_model import FittedModel
from training.tuning.acceptance import Tuning, tune
from training.tuning.budget import Budget
from training.tuning.studies import Studies

Progress = Callable[[str], None]
IN_MEMORY = Studies()


def fit(
    data: TrainingSet,
    task: TaskSpec,
    *,
    seed: int,
    progress: Progress,
    family: str | None = None,
    params: Mapping[str, Any] | None = None,
    repeats: int | None = None,
    budget: Budget | None = None,
    studies: Studies = IN_MEMORY,
    start: Start = NOBODY,
    pool: Pool = HERE,
) -> FittedModel:
    """Trains a model.

    Args:
        data: the window, features with their outcomes.
        task: names the features and the candidates, and the policy of the operating point.
        seed: the same seed and data give the same model, byte for byte.
        progress: is told what goes on, a line at a time.
        family: train this one only; None tries those of `task.training.candidates` that can be.
        params: of that family, not tuned; None takes its own defaults, tuned within the budget.
        repeats: how often candidates are cross-validated; None: as often as the size asks.
        budget: for tuning the best family; None: as `task.training` says.
        studies: where searches are kept, to go on after a kill.
        start: what families may go on from. Only the model that is given back may hold trees of
            it; whatever chooses and calibrates that model grows them anew in each fold.
        pool: does the fits that candidates and settings are compared by.

    Raises:
        NotEnoughData: too few students or records of either outcome to hold any out, or no
            feature that varies.
        ConfigurationError: a candidate nobody knows, or one whose extra is not installed; or all
            of them go on from trees that there are not.
    """
    names = (family,) if family else task.training.candidates
    for name in names:
        candidate(name)
    check_enough(data, task)
    left_out: dict[str, str] = {}
    if family is None:
        names, left_out = able(names, data, task, start)
        for name, why in left_out.items():
            progress(f"{name} is left out: {why}")
    if not names:
        told = "; ".join(f"{name}: {why}" for name, why in left_out.items())
        raise ConfigurationError(f"training.candidates: none of them can be trained: {told}")
    allowed = Budget.of(task.training) if budget is None else budget
    compared = part_for_comparison(data, task.name, seed)
    some = data.take(compared)
    with threadpool_limits(1, user_api="blas"):
        splits = _splits(some, task, names, start, seed, repeats)
        trials = _compare(some, task, splits, names, params, seed, progress, pool)
        best, tuning = trials[0], None
        if params is None and allowed.any:
            tuning = tune(
                best, some, task, splits.of(best.family),
                budget=allowed, studies=studies, seed=seed, progress=progress,
                start=splits.start_of(best.family), pool=pool,
            )  # fmt: skip
            progress(f"tuning {best.family}: {tuning.told}")
            best = tuning.trial if tuning.taken and tuning.trial else best
        progress(f"fitting {best.family} on {len(data)} records")
        encoder, sample = _to_serve(data, task, best.family, start)
        scorer = candidate(best.family).train(sample, best.params, seed)
    drawn = kind_of(task).draw(task, some, best.margins)
    held_out = np.full(len(data), np.nan)
    held_out[compared] = drawn.calibration.score(best.margins)
    return FittedModel(
        task=task.name,
        family=best.family,
        params=best.params,
        encoder=encoder,
        scorer=scorer,
        calibration=drawn.calibration,
        thresholds=drawn.thresholds,
        interval=drawn.interval,
        risk_interval=drawn.risk_interval,
        explained=spread(data.records, scorer.EXPLAINED),
        candidates=tuple(_told(trial) for trial in trials) + _told_tuned(tuning),
        tuning=tuning.told if tuning else None,
        reference=build_profile(
            data.records,
            {c.name: c.kind.value for c in task.features},
            held_out[compared],
            data.students.tolist(),
        ),
        held_out=held_out,
        feature_names=task.feature_names,
        golden=tuple(golden_records(task, data.records, seed)),
        continued=sample.start is not None and sample.start.scorer is not None,
        left_out=left_out,
    )


def check_enough(data: TrainingSet, task: TaskSpec) -> None:
    """Accepts data that can be split into folds, or raises.

    Raises:
        NotEnoughData: says what there is too little of.
    """
    students = len(set(data.students.tolist()))
    if students < 2 * FOLDS:
        raise NotEnoughData(f"{students} students with an outcome, {2 * FOLDS} needed to train")
    kind = kind_of(task)
    if kind.rarest(data.outcome) < FOLDS:
        raise NotEnoughData(
            f"{kind.positives(data.outcome)} of {len(data)} records at risk; at least {FOLDS} of "
            "either outcome are needed to train"
        )
    encoder = FeatureEncoder.fit(task, data.records)
    if not encoder.columns:
        reasons = ", ".join(f"{name} {why}" for name, why in encoder.dropped.items())
        raise NotEnoughData(
            f"no feature holds any information: {reasons}; check that the columns of the school "
            "files are those the task names"
        )


def part_for_comparison(
    data: TrainingSet, task: str, seed: int, most: int = MOST_ROWS
) -> NDArray[np.intp]:
    """Positions of at most so many records, whole students, drawn by task and seed."""
    if len(data) <= most:
        return np.arange(len(data))
    students, member = np.unique(data.students, return_inverse=True)
    order = np.argsort(shuffled(students, task=task, seed=seed))[member]
    return np.sort(np.argsort(order, kind="stable")[:most])


def _compare(
    data: TrainingSet,
    task: TaskSpec,
    splits: _Splits,
    names: tuple[str, ...],
    params: Mapping[str, Any] | None,
    seed: int,
    progress: Progress,
    pool: Pool,
) -> list[Trial]:
    """Every candidate on the same splits, the chosen one first."""
    tried = [
        (known, known.params_under(task.training) if params is None else params)
        for known in map(candidate, names)
    ]
    held_out = {
        goes_on: pool.each(
            fold_margins,
            folds,
            [
                one
                for known, own in tried
                if splits.goes_on(known.name) is goes_on
                for one in fold_fits(known, own, folds, seed)
            ],
        )
        for goes_on, folds in ((False, splits.plain), (True, splits.begun))
    }
    trials = []
    for number, (known, own) in enumerate(tried, 1):
        trial = trial_of(
            known, own, data.outcome, splits.of(known.name), held_out[splits.goes_on(known.name)],
            budget=task.promotion.budget, lanes=lanes_of(data.records, task),
        )  # fmt: skip
        figures = ", ".join(f"{key} {value:.3f}" for key, value in trial.figures.items())
        progress(f"[{number}/{len(names)}] {known.name}: {figures} ({trial.seconds:.1f} s)")
        trials.append(trial)
    return best_first(trials, places())


@dataclass(frozen=True, slots=True)
class _Splits:
    """The same splits for every family, and for those that go on from trees with these in each.

    Attributes:
        start: what the latter go on from; None if none of the candidates does.
    """

    plain: list[list[Fold]]
    begun: list[list[Fold]]
    start: RegrownStart | None

    def of(self, family: str) -> list[list[Fold]]:
        return self.begun if self.goes_on(family) else self.plain

    def goes_on(self, family: str) -> bool:
        return self.start_of(family) is not None

    def start_of(self, family: str) -> RegrownStart | None:
        return self.start if candidate(family).continues else None


def _splits(
    data: TrainingSet,
    task: TaskSpec,
    names: tuple[str, ...],
    start: Start,
    seed: int,
    repeats: int | None,
) -> _Splits:
    plain = folds_of(data, task, seed=seed, repeats=repeats)
    recipe = without_trees(start)
    if not isinstance(recipe, RegrownStart) or not any(candidate(n).continues for n in names):
        return _Splits(plain, [], None)
    begun = folds_of(data, task, seed=seed, repeats=repeats, start=recipe)
    return _Splits(plain, begun, recipe)


def _to_serve(
    data: TrainingSet, task: TaskSpec, family: str, start: Start
) -> tuple[FeatureEncoder, Sample]:
    """Encoder and rows of the model itself, with the champion's trees where it goes on from them.

    A start without trees, of a model that is evidence, is grown from its records among these.
    """
    recipe, encoder, scorer = without_trees(start), None, None
    if isinstance(recipe, NoStart) or not candidate(family).continues:
        begun = None
    else:
        if isinstance(start, GrownStart):
            encoder, scorer = start.encoder, start.text
        begun = BegunModel(recipe.known(data), recipe.params, scorer)
    encoder = encoder or encoder_of(data, task, begun)
    return encoder, sample_of(data, encoder, task, begun)


def _told(trial: Trial) -> dict[str, Any]:
    return {"family": trial.family, "params": dict(trial.params), **trial.figures}


def _told_tuned(tuning: Tuning | None) -> tuple[dict[str, Any], ...]:
    if tuning is None or tuning.trial is None:
        return ()
    return ({**_told(tuning.trial), "tuned": True, "taken": tuning.taken},)
