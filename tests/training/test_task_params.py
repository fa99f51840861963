"""`training.params` of a task: settings that are fixed for a family."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.errors import ConfigurationError
from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec, task_text
from training.candidates import candidate, load_task_to_train
from training.train import fit
from training.tuning.budget import Budget


def saying(folder: Path, training: str) -> str:
    """A task's file with that training section."""
    text, _ = task_text("uci_student").split("training:")
    path = folder / "task.yaml"
    path.write_text(f"{text}training: {training}\n", encoding="utf-8")
    return str(path)


def test_what_a_task_fixes_is_what_its_models_are_trained_with(tmp_path: Path) -> None:
    policy = load_task_to_train(
        saying(tmp_path, "{params: {xgboost: {trees: 50, l2: 0}, vote: {members: [lightgbm]}}}")
    ).training

    known = candidate("xgboost")
    assert known.params_under(policy) == {**known.params, "trees": 50, "l2": 0}
    assert candidate("vote").params_under(policy) == {"members": ["lightgbm"]}
    assert candidate("ridge").params_under(policy) == candidate("ridge").params
    assert set(known.space(policy, numeric=True)) == set(known.settings) - {"trees", "l2"}


def test_a_fixed_setting_is_not_tuned(task: TaskSpec, students: TrainingSet) -> None:
    policy = task.training.model_copy(update={"params": {"decision_tree": {"leaf": 33}}})

    model = fit(
        students, task.model_copy(update={"training": policy}), seed=0, progress=lambda _: None,
        family="decision_tree", repeats=1, budget=Budget(3),
    )  # fmt: skip

    assert {c["params"]["leaf"] for c in model.candidates} == {33}


@pytest.mark.parametrize(
    ("training", "told"),
    [
        ("{candidates: [oracle]}", "training.candidates: 'oracle' is not one of logistic_reg"),
        ("{params: {oracle: {c: 1}}}", "training.params: 'oracle' is not one of logistic_reg"),
        (
            "{params: {ridge: {l2: 1}}}",
            "training.params.ridge.l2: not a setting of ridge; it has",
        ),
        ("{params: {ridge: {c: 0}}}", "training.params.ridge.c: 0 is not a number above 0"),
        ("{params: {xgboost: {trees: 1.5}}}", "trees: 1.5 is not a whole number of at least 1"),
        ("{params: {xgboost: {columns: 2}}}", "columns: 2 is not a number above 0 and at most 1"),
        ("{params: {xgboost: {l2: -1}}}", "l2: -1 is not a number of at least 0"),
        ("{params: {vote: {members: [ridge]}}}", "members: .* is not a list of some of decision_t"),
        ("{params: {ridge: 3}}", "training.params.ridge: Input should be a valid dict"),
    ],
)
def test_what_is_wrong_is_told_where_the_task_is_loaded_with_field_and_fix(
    tmp_path: Path, training: str, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"task\.yaml: .*{told}"):
        load_task_to_train(saying(tmp_path, training))
