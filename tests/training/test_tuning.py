from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec
from tests.training.conftest import made_up
from training.candidates import candidate
from training.cross_validation import Trial, search_folds
from training.families.family import Family, Params
from training.paired_gain import paired_gain
from training.sample import Sample
from training.train import fit
from training.tuning.acceptance import tune
from training.tuning.budget import Budget
from training.tuning.search import SearchResult, Task, search
from training.tuning.studies import Studies

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
BUDGET = Budget(12)


def _quiet(line: str) -> None:
    pass


def _still() -> float:
    return 0.0


@pytest.fixture
def question(task: TaskSpec, students: TrainingSet) -> Task:
    known = candidate("ridge")
    folds = search_folds(students, task, seed=1, repeats=1)
    space = known.space(task.training, numeric=False)
    return Task(known, {"c": 1e-4}, space, students.outcome, folds, None, 0)


def _search(question: Task, studies: Studies, budget: Budget = BUDGET) -> SearchResult:
    return search(question, budget=budget, studies=studies, progress=_quiet, clock=_still)


def test_a_search_finds_better_settings_than_poor_ones(question: Task) -> None:
    poor = replace(question, params={"c": 1e-9})

    found = _search(poor, Studies())

    assert found.tried == 12
    assert found.params is not None
    assert found.value > found.usual


def test_hopeless_settings_are_given_up_before_the_last_fold(question: Task) -> None:
    assert _search(question, Studies(), Budget(25)).pruned > 0


@pytest.mark.parametrize("calls", [7, 23, 48])
def test_a_search_cut_off_in_the_middle_of_a_trial_ends_as_one_that_was_not(
    calls: int, question: Task, tmp_path: Path
) -> None:
    whole = _search(question, Studies())
    with pytest.raises(KeyboardInterrupt):
        _search(replace(question, family=_dying(question.family, calls)), Studies(tmp_path))
    told: list[str] = []

    found = search(
        question, budget=BUDGET, studies=Studies(tmp_path), progress=told.append, clock=_still
    )

    assert found == whole
    assert len(told) < 12 or calls == 7
    assert "12/12" in told[-1]


def _dying(known: Family, calls: int) -> Family:
    """The same family, until it has been trained so often."""
    left = iter(range(calls))

    def train(sample: Sample, params: Params, seed: int) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return known.fit(sample, params, seed)

    return replace(known, fit=train)


def test_a_file_cut_off_in_the_middle_of_a_line_begins_anew(question: Task, tmp_path: Path) -> None:
    whole = _search(question, Studies(tmp_path))
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b'{"op_code": 0, "worker' + kept.read_bytes()[40:])

    assert _search(question, Studies(tmp_path)) == whole


def test_a_budget_of_seconds_ends_the_search(question: Task) -> None:
    times = iter(float(i) for i in range(10_000))

    found = search(
        question, budget=Budget(0, 40.0), studies=Studies(), progress=_quiet,
        clock=lambda: next(times),
    )  # fmt: skip

    assert 0 < found.tried < 40


def test_another_outcome_seed_or_setting_is_another_search(question: Task) -> None:
    flipped = replace(question, outcome=1 - question.outcome)
    other = replace(question, params={"c": 2.0})

    assert question.name() == replace(question).name()
    assert len({q.name() for q in (question, flipped, other, replace(question, seed=1))}) == 4


def test_progress_tells_the_best_so_far(question: Task) -> None:
    told: list[str] = []

    search(question, budget=Budget(4), studies=Studies(), progress=told.append, clock=_still)

    assert len(told) == 4
    assert "tuning ridge [#####---------------] 1/4 tried" in told[0]
    assert all("best 0." in line and "usual 0." in line for line in told)


def test_a_gain_within_its_own_noise_is_none() -> None:
    noise = np.random.default_rng(0).normal(0, 0.02, 15)

    assert not paired_gain(np.zeros(15), noise - noise.mean() + 0.005, 5).clear
    assert paired_gain(np.zeros(15), noise - noise.mean() + 0.03, 5).clear
    assert not paired_gain(np.zeros(15), np.full(15, np.nan), 5).clear


def test_with_several_periods_the_search_asks_to_predict_the_newest(task: TaskSpec) -> None:
    data = made_up(600)
    later = replace(data, periods=np.array(["2022"] * 300 + ["2023"] * 300, dtype=np.str_))

    folds = search_folds(later, task, seed=0, repeats=1)

    held = np.sort(np.concatenate([fold.held for fold in folds]))
    assert np.array_equal(held, np.flatnonzero(later.periods == "2023"))
    for fold in folds:
        assert len(fold.sample) <= 300
        assert not set(fold.sample.students) & set(later.students[fold.held])


def test_a_tuned_model_is_the_same_twice_and_says_what_was_tried(
    task: TaskSpec, students: TrainingSet, tmp_path: Path
) -> None:
    models = [
        fit(
            students, task, seed=0, progress=_quiet, family="decision_tree", budget=Budget(6),
            studies=Studies(tmp_path / f"studies{i}"),
        )
        for i in range(2)
    ]  # fmt: skip

    digests = [model.write(tmp_path / f"bundle{i}") for i, model in enumerate(models)]

    assert digests[0] == digests[1]
    assert models[0].tuning is not None
    assert models[0].tuning.startswith("6 settings tried")
    tried = [c for c in models[0].candidates if c.get("tuned")]
    assert all(dict(models[0].params) == c["params"] for c in tried if c["taken"])


def test_a_vote_has_no_settings_and_is_not_tuned(task: TaskSpec, students: TrainingSet) -> None:
    usual = Trial("vote", {}, {}, np.zeros(400), np.zeros(5), 0.0)

    tuning = tune(
        usual, students, task, [], budget=BUDGET, studies=Studies(), seed=0, progress=_quiet
    )

    assert (tuning.taken, tuning.told) == (False, "vote has no settings to tune")


def test_the_pipeline_is_imported_without_optuna_and_catboost() -> None:
    code = "import sys, retraining.pipeline; print({'optuna', 'catboost'} & set(sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "set()"
