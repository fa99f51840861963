"""One rule for ids and periods, whether they come in a file or in a request."""

from __future__ import annotations

from typing import Any

import pytest

from api.outcomes import OutcomeReader
from api.payload import RecordReader
from model.errors import InvalidRecord, NotThisTask
from preprocessing.files.cells import Cell, read_number, read_phase
from preprocessing.files.grids import Grid
from preprocessing.files.loading import read_grid, read_tables
from preprocessing.student_ids import LONGEST_EVER, LONGEST_ID, read_student_id
from preprocessing.task.spec import TaskSpec
from tests.preprocessing.conftest import NOW, WriteCsv

REFUSED = {
    "too long": "x" * (LONGEST_ID + 1),
    "a NUL": "a\0b",
    "a line break": "a\nb",
    "the mark of predictions without a student": "~p1",
    "a word of a route": "at-risk",
}
INDIC = "٢٠٢٣"
"""2023 in Arabic-Indic digits."""


@pytest.mark.parametrize("wrong", list(REFUSED.values()), ids=list(REFUSED))
def test_an_id_that_a_request_may_not_carry_is_refused_in_a_file_too(
    pede: TaskSpec, wrong: str
) -> None:
    header: list[Cell] = ["RA", "Fase", "IAA", "IEG", "IPS", "IDA"]
    rows: list[list[Cell]] = [header, [wrong, 1, 8, 9, 7, 5], ["b", 1, 8, 9, 7, 5]]

    (table,) = read_grid(Grid("pede_2022.csv", "", "pede_2022", rows), pede, now=NOW)

    ((row, field, told),) = [(r.row, r.field, r.reason) for r in table.batch.rejects]
    assert (row, field) == (1, "ra")
    with pytest.raises(InvalidRecord) as in_a_record:
        RecordReader(pede).one({"student_id": wrong, "inde": 5}, "2024")
    item = {"student_id": wrong, "period": "2022", "outcome": 1}
    with pytest.raises(InvalidRecord) as in_a_label:
        OutcomeReader(pede).one(item, now=NOW, source="test")
    assert in_a_record.value.reason == in_a_label.value.reason == told


def test_an_empty_id_is_refused_everywhere(csv_file: WriteCsv, pede: TaskSpec) -> None:
    path = csv_file("pede_2022.csv", "RA,Fase,IAA,IEG,IPS,IDA\n  ,1,8,9,7,5\nb,1,8,9,7,5\n")

    (table,) = read_tables(path, pede, now=NOW)

    assert [(r.row, r.field, r.reason) for r in table.batch.rejects] == [(1, "ra", "is missing")]
    with pytest.raises(InvalidRecord, match="1 to 128 printable"):
        read_student_id("")


def test_the_longest_id_of_a_file_is_one_that_a_request_may_carry(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    longest = "x" * LONGEST_ID
    path = csv_file("pede_2022.csv", f"RA,Fase,IAA,IEG,IPS,IDA\n{longest},1,8,9,7,5\n")

    (table,) = read_tables(path, pede, now=NOW)

    assert table.observations[0].student_id == read_student_id(longest)


def test_an_id_that_an_earlier_release_took_from_a_file_can_still_be_erased() -> None:
    assert read_student_id("x" * LONGEST_EVER, longest=LONGEST_EVER) == "x" * LONGEST_EVER


def test_digits_of_another_script_are_no_period(csv_file: WriteCsv, pede: TaskSpec) -> None:
    header = "RA,Fase,IAA,IEG,IPS,IDA\na,1,8,9,7,5\n"

    with pytest.raises(InvalidRecord, match="period: must be a period that matches"):
        RecordReader(pede).one({"period": INDIC, "inde": 5}, "2024")
    with pytest.raises(NotThisTask, match="names no period"):
        read_tables(csv_file(f"pede_{INDIC}.csv", header), pede, now=NOW)
    with pytest.raises(NotThisTask, match="expected"):
        read_tables(csv_file("pede.csv", header), pede, now=NOW, period=INDIC)


def test_digits_of_another_script_are_no_period_whatever_the_pattern_allows(
    pede: TaskSpec,
) -> None:
    loose = pede.model_copy(update={"periods": ".+"})

    assert loose.is_period("2024-verão")
    assert not loose.is_period(INDIC)


def test_digits_of_another_script_stand_in_no_period_column(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    rows = f"a,{INDIC},1,8,9,7,5\nb,2023,1,8,9,7,5\n"
    path = csv_file("all.csv", "RA,Ano letivo,Fase,IAA,IEG,IPS,IDA\n" + rows)

    (table,) = read_tables(path, pede, now=NOW)

    assert [(r.row, r.field) for r in table.batch.rejects] == [(1, "periodo")]


@pytest.mark.parametrize("read", [read_phase, read_number])
def test_digits_of_another_script_are_no_number_and_no_phase(read: Any) -> None:
    with pytest.raises(ValueError, match="not a"):
        read("٧", "2023")
