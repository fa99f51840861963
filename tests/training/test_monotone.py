from __future__ import annotations

import numpy as np
import pytest

from preprocessing.encoder import FeatureEncoder
from preprocessing.task.spec import TaskSpec
from tests.training.conftest import made_up
from training.candidates import candidate
from training.sample import sample_of


def held(task: TaskSpec, **directions: int) -> TaskSpec:
    columns = [
        column.model_copy(update={"monotone": directions.get(column.name, 0)})
        for column in task.features
    ]
    return TaskSpec.model_validate(task.model_dump() | {"features": columns})


def test_flags_and_categories_are_held_to_nothing(task: TaskSpec) -> None:
    data = made_up(300)
    encoder = FeatureEncoder.fit(task, data.records)

    sample = sample_of(data, encoder, held(task, effort=-1, lag=1))

    assert encoder.columns[:5] == ("grade", "effort", "lag", "noise", "effort")
    assert sample.monotone == (0, -1, 1, 0, *[0] * (sample.width - 4))
    assert sample.take(np.arange(10)).monotone == sample.monotone
    assert sample_of(data, encoder, task).monotone == ()


@pytest.mark.parametrize("family", ["lightgbm", "xgboost"])
@pytest.mark.parametrize("direction", [1, -1])
def test_more_of_a_feature_never_moves_the_risk_against_its_direction(
    family: str, direction: int, task: TaskSpec
) -> None:
    data = made_up(300)
    encoder = FeatureEncoder.fit(task, data.records)
    known = candidate(family)

    def steps(of: TaskSpec) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        scorer = known.train(sample_of(data, encoder, of), known.params, 0)
        rows = np.repeat(encoder.encode_many(data.records[:40]), 30, axis=0)
        rows[:, encoder.columns.index("noise")] = np.tile(np.linspace(-3, 3, 30), 40)
        return np.diff(scorer.margin(rows).reshape(40, 30), axis=1)

    assert (direction * steps(held(task, noise=direction)) >= -1e-9).all()
    assert not (direction * steps(task) >= -1e-9).all()
