"""One record against the task."""

from __future__ import annotations

import subprocess
import sys

import pytest

from model.errors import InvalidRecord
from preprocessing.task.columns import Column, Kind
from preprocessing.task.spec import TaskSpec, load_task
from preprocessing.validation import check_record, check_value


@pytest.fixture(scope="module")
def task() -> TaskSpec:
    return load_task("pede_lag")


def reason(task: TaskSpec, record: dict[str, object]) -> tuple[str, str]:
    with pytest.raises(InvalidRecord) as caught:
        check_record(task, record)
    return caught.value.field, caught.value.reason


@pytest.mark.parametrize(
    "record",
    [
        {"inde": 7.5, "iaa": 8.0, "ips": 6.5, "ipp": 7.0, "ipv": 7.2, "fase": 3},
        {"ipv": 0.5, "ips": 0.7, "iaa": 0.3, "ieg": 0.8, "ida": 0.6},
    ],
)
def test_partial_records_are_valid_and_keep_their_values(
    task: TaskSpec, record: dict[str, object]
) -> None:
    assert check_record(task, record) == record


def test_every_value_of_a_number_comes_out_as_a_float(task: TaskSpec) -> None:
    assert type(check_record(task, {"fase": 3})["fase"]) is float


@pytest.mark.parametrize("wrong", [True, "7.5", [7.5], {"v": 7.5}])
def test_a_wrong_type_for_a_number_is_refused_by_name(task: TaskSpec, wrong: object) -> None:
    field, why = reason(task, {"inde": wrong})

    assert field == "inde"
    assert "must be a number" in why


@pytest.mark.parametrize("wrong", [10.1, -0.1, float("nan"), float("inf"), 10**400])
def test_a_number_out_of_range_is_refused_with_the_bounds(task: TaskSpec, wrong: float) -> None:
    field, why = reason(task, {"iaa": 5, "inde": wrong})

    assert field == "inde"
    assert "between 0 and 10" in why or "finite" in why


def test_the_turning_point_of_2023_may_be_a_hundredth_above_ten(task: TaskSpec) -> None:
    assert check_record(task, {"ipv": 10.01}) == {"ipv": 10.01}


def test_half_a_phase_is_refused(task: TaskSpec) -> None:
    assert reason(task, {"fase": 3.5}) == ("fase", "must be a whole number")


def test_an_unknown_field_is_refused_with_the_nearest_known_one(task: TaskSpec) -> None:
    assert reason(task, {"idna": 7}) == ("idna", "is no feature of this task; did you mean ida?")
    assert "did you mean mat?" in reason(task, {"Matematica": 7})[1]


def test_an_excluded_field_is_refused_with_the_reason_it_is_excluded(task: TaskSpec) -> None:
    assert "personal name" in reason(task, {"Nome Anonimizado": "Aluno-1"})[1]


def test_a_category_is_known_by_any_of_its_spellings(task: TaskSpec) -> None:
    record = {"pedra": "ÁGATA", "instituicao": "Privada - Programa de apadrinhamento"}

    assert check_record(task, record) == {"pedra": "agata", "instituicao": "apadrinhamento"}


def test_an_unknown_category_is_refused_with_those_that_exist(task: TaskSpec) -> None:
    field, why = reason(task, {"pedra": "Rubi"})

    assert (field, why) == ("pedra", "must be one of quartzo, agata, ametista, topazio")


def test_a_number_for_a_category_is_refused(task: TaskSpec) -> None:
    assert reason(task, {"pedra": 3}) == ("pedra", "must be text, not a number")


def test_null_is_a_missing_value(task: TaskSpec) -> None:
    assert check_record(task, {"inde": None, "iaa": 8}) == {"iaa": 8.0}


@pytest.mark.parametrize("record", [{}, {"inde": None}])
def test_a_record_of_nothing_is_refused(task: TaskSpec, record: dict[str, object]) -> None:
    assert reason(task, record)[0] == "record"


def test_an_open_category_takes_any_short_text() -> None:
    column = Column(name="school", kind=Kind.CATEGORY)

    assert check_value(column, " EE Helio ") == "EE Helio"
    with pytest.raises(InvalidRecord):
        check_value(column, "x" * 201)


def test_the_reason_never_repeats_the_value(task: TaskSpec) -> None:
    assert "1234567" not in reason(task, {"inde": 1234567})[1]
    assert "Maria" not in reason(task, {"pedra": "Maria"})[1]


def test_importing_the_check_brings_no_heavy_library() -> None:
    code = (
        "import sys, preprocessing.validation, preprocessing.files.cells;"
        "print([m for m in ('pandas','numpy','sklearn','pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
