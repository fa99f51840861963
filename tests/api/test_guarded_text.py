"""What a spreadsheet would run as a formula is text in every file of ours, and comes back whole."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.files.guarded_text import CsvLanguage, CsvLines, guarded, unguarded
from api.files.outcome_rows import outcome_rows
from api.http.problems import Problem
from preprocessing.task.spec import load_task

PEDE = load_task("pede_lag")
TEXTS = st.text(st.sampled_from("=+-@' \u00a0\t\r\nRA1;,\"\n"), max_size=8)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1"]
)
def test_no_text_of_a_spreadsheet_is_a_formula(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "RA-1", "a=1", "Ana"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text


@given(TEXTS)
@example("'=1")
@example("' =1")
def test_a_guarded_text_begins_no_formula_and_returns_as_it_was(text: str) -> None:
    written = guarded(text)

    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(written) == text


@given(st.lists(TEXTS, min_size=2, max_size=2), st.sampled_from(("pt", "en")))
def test_rows_are_read_back_as_they_were_written(row: list[str], language: CsvLanguage) -> None:
    lines = CsvLines(("a", "b"), language)

    text = lines.take([row]).decode("utf-8-sig")

    delimiter = ";" if language == "pt" else ","
    read = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    assert [unguarded(cell) for cell in read[1]] == row


def test_numbers_are_written_with_the_decimal_sign_of_the_reader() -> None:
    wanted_by: dict[CsvLanguage, str] = {"pt": "-1,5;;2", "en": "-1.5,,2"}
    for language, wanted in wanted_by.items():
        lines = CsvLines(("a", "b", "c"), language)

        assert lines.take([(-1.5, None, 2)]).decode("utf-8-sig").splitlines()[1] == wanted


def test_a_row_without_outcome_is_left_out_and_the_others_keep_their_place() -> None:
    body = b"student_id;period;defasagem\nA;2023;-1\nB;2023;\n'=C;2023;1,0\n"

    assert outcome_rows(body, PEDE) == {
        0: {"student_id": "A", "period": "2023", "defasagem": -1.0},
        2: {"student_id": "=C", "period": "2023", "defasagem": 1.0},
    }


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "has no column named outcome or defasagem"),
        (b"student_id,period\nA,2023\n", "has no column named outcome or defasagem"),
        (b"outcome,outcome\n1,0\n", "names a column twice"),
        (b'student_id,outcome\n"A,1\n', "line 2 is no line of a CSV"),
    ],
    ids=["empty", "no outcome", "twice", "open quote"],
)
def test_a_file_that_tells_no_outcomes_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(Problem, match=reason):
        outcome_rows(body, PEDE)
