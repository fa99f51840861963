from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from model.errors import InvalidRecord
from model.options import OPTIONS, RunOptions, check
from preprocessing.task.policies import PromotionPolicy, TrainingPolicy
from retraining.pipeline import _parser

GIVEN = RunOptions(window=500, min_recall_gain=0.02, seed=7, dry_run=True, trials=5, seconds=2.5)


def test_an_option_goes_through_the_command_line_as_it_is() -> None:
    parsed = vars(_parser().parse_args(GIVEN.to_arguments()))

    assert RunOptions.from_mapping({name: parsed[name] for name in OPTIONS}) == GIVEN
    assert RunOptions.from_mapping(GIVEN.to_mapping()) == GIVEN
    assert GIVEN.to_mapping().keys() == OPTIONS.keys()


@pytest.mark.parametrize("policy", [PromotionPolicy, TrainingPolicy])
@pytest.mark.parametrize("value", [-1, 0, 0.5, 1, 2, 1e6])
def test_an_option_allows_nothing_that_the_task_would_not(
    policy: type[PromotionPolicy] | type[TrainingPolicy], value: float
) -> None:
    for name in OPTIONS.keys() & policy.model_fields.keys():
        field: Any = policy.model_fields[name]
        try:
            check(name, value)
        except InvalidRecord:
            continue
        try:
            TypeAdapter(policy).validate_python({name: value})
        except ValidationError:
            pytest.fail(f"{name}={value} is allowed to a run and not to a task: {field}")
