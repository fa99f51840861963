from __future__ import annotations

import numpy as np

from preprocessing.task.spec import TaskSpec
from retraining.run.challenge import successor_trial
from tests.training.conftest import made_up
from training.holdout import held_students


def test_whole_students_are_held_out_until_a_fifth_of_the_records_is() -> None:
    data = made_up(1000)
    judged = np.arange(1000) >= 300

    held = held_students(data, judged, task="made_up", seed=0)

    assert 200 <= held.sum() <= 202
    assert not set(data.students[held]) & set(data.students[~held])
    assert set(data.students[held]) <= set(data.students[judged])


def test_few_fresh_records_are_all_held_out() -> None:
    data = made_up(1000)
    judged = np.arange(1000) < 50

    held = held_students(data, judged, task="made_up", seed=0)

    assert np.all(held[judged])
    assert set(data.students[held]) == set(data.students[judged])


def test_a_challenger_of_a_large_window_is_judged_once_on_students_held_out(
    task: TaskSpec,
) -> None:
    data = made_up(1500)
    fresh = np.arange(1500) >= 500
    policy = task.training.model_copy(update={"candidates": ("ridge",)})
    cheap = task.model_copy(update={"training": policy})

    trial = successor_trial(
        data, fresh, cheap, seed=0, progress=lambda _: None, cross_fit_rows=1000
    )

    assert trial.how == "group_holdout"
    assert trial.judged_on.endswith("labelled records of 2022, students held out")
    assert len(trial.trained) == 1500
    assert 200 <= len(trial.cases) <= 302
    assert len(trial.scores) == len(trial.cases)
    risky = trial.scores[trial.cases.outcome == 1].mean()
    assert risky > trial.scores[trial.cases.outcome == 0].mean() + 0.1
