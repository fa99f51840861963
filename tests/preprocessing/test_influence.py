"""What would change a student's score, among what a school can do something about."""

from __future__ import annotations

import pytest

from model.student import Features
from preprocessing.influence import middles, quartiles, steps
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec, parse_task
from tests.drift.school import TASK, cohort, make_predictor

WORDS = TASK.replace("{name: ieg, ", "{name: ieg, influenced: true, monotone: -1, ").replace(
    "{name: stone, ", "{name: stone, influenced: true, "
)


@pytest.fixture(scope="module")
def task() -> TaskSpec:
    return parse_task(WORDS, source="little")


@pytest.fixture(scope="module")
def predictor(task: TaskSpec, tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    records = [one.features for one in cohort(300, "2023", seed=1)]
    return make_predictor(task, records, tmp_path_factory.mktemp("bundle") / "v1")


def test_a_low_indicator_is_taken_to_the_middle_and_the_score_is_the_models_own(
    task: TaskSpec, predictor: Predictor
) -> None:
    record: Features = {"ieg": 3.0, "ida": 2.0, "stone": "agata"}

    (step,) = steps(predictor, task, record)

    assert (step.feature, step.before, step.after) == (
        "ieg", 3.0, middles(predictor.encoder)["ieg"],
    )  # fmt: skip
    assert step.score == predictor.score_one({**record, "ieg": step.after})
    assert step.score < predictor.score_one(record)


def test_one_at_the_middle_is_taken_to_where_the_better_quarter_begins(
    task: TaskSpec, predictor: Predictor
) -> None:
    middle = middles(predictor.encoder)["ieg"]

    (step,) = steps(predictor, task, {"ieg": middle, "ida": 5.0, "stone": "agata"})

    assert isinstance(step.after, float) and isinstance(middle, float) and step.after > middle


def test_of_other_students_that_are_named_their_middle_and_quarters_are_the_aims(
    task: TaskSpec, predictor: Predictor
) -> None:
    record: Features = {"ieg": 3.0, "ida": 2.0, "stone": "agata"}

    (step,) = steps(predictor, task, record, {"ieg": (6.0, 6.5, 7.0)})

    assert (step.feature, step.after) == ("ieg", 6.5)
    assert steps(predictor, task, record, {}) == ()


def test_what_is_best_already_what_lacks_and_what_nobody_influences_change_nothing(
    task: TaskSpec, predictor: Predictor
) -> None:
    assert steps(predictor, task, {"ieg": 10.0, "ida": 1.0, "stone": "agata"}) == ()
    assert steps(predictor, task, {"ida": 1.0}) == ()


def test_a_number_of_which_more_is_never_worse_is_not_made_smaller(
    predictor: Predictor,
) -> None:
    """The model weighs engagement against its declared direction: nothing is advised then."""
    turned = parse_task(WORDS.replace("monotone: -1", "monotone: 1"), source="little")

    assert steps(predictor, turned, {"ieg": 3.0, "ida": 2.0, "stone": "agata"}) == ()


def test_quartiles_are_those_of_numpy() -> None:
    numpy = pytest.importorskip("numpy")
    values = [3.0, 1.5, 9.25, 4.0, 4.0, 7.5]

    assert quartiles(values) == tuple(numpy.quantile(values, [0.25, 0.5, 0.75]).tolist())
