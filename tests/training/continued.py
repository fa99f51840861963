"""A champion to go on from, without a registry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.erasing.record_ids import Learned, record_id
from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec
from tests.training.conftest import made_up
from training.continuing.start import GrownStart, RegrownStart
from training.families.trees import tree_count
from training.train import fit
from training.trained_model import FittedModel

QUICK = {"trees": 20, "learning_rate": 0.3}


def with_continued(task: TaskSpec, *names: str, **params: int) -> TaskSpec:
    """The task with these candidates, small models throughout."""
    fixed = {
        name: {**QUICK, **(params if name.endswith("_continued") else {})}
        for name in names
        if name.startswith(("lightgbm", "xgboost"))
    }
    policy = task.training.model_copy(update={"candidates": names, "params": fixed})
    return task.model_copy(update={"training": policy})


def two_years(n: int = 300) -> tuple[TrainingSet, TrainingSet]:
    """One year of students, and that year with another one of the same students."""
    first, second = made_up(n), made_up(n, seed=1)
    second = replace(second, periods=np.full(n, "2023"))
    both = TrainingSet(
        records=first.records + second.records,
        outcome=np.concatenate([first.outcome, second.outcome]),
        students=np.concatenate([first.students, second.students]),
        periods=np.concatenate([first.periods, second.periods]),
        protected={"gender": np.concatenate([d.protected["gender"] for d in (first, second)])},
    )
    return first, both


def champion(data: TrainingSet, task: TaskSpec, family: str = "lightgbm") -> FittedModel:
    """A model that serves."""
    return fit(data, task, seed=0, progress=lambda _: None, family=family, repeats=1)


def start_of(model: FittedModel, data: TrainingSet, task: TaskSpec) -> GrownStart:
    """What a challenger may go on from, where that model serves."""
    text, trees = model.scorer.dump(), tree_count(model.scorer)
    learned = Learned(frozenset(record_id(s, p) for s, p in data.subjects()))
    recipe = RegrownStart(
        version="v1",
        family=model.family,
        params={**model.params, "trees": trees} if trees else model.params,
        features=task.feature_names,
        derived={},
        learned=learned,
    )
    return GrownStart(recipe, model.encoder, text)
