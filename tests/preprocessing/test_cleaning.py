"""The small readers of cells."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from preprocessing.files.cells import (
    READERS,
    Cell,
    is_empty,
    read_age,
    read_category,
    read_number,
    read_phase,
    read_text,
    read_years_since,
)
from preprocessing.task.columns import ReaderName

anything = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="0123456789.,-+%eE/ #ALFAfase", max_size=12),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("7,055", 7.055),
        ("753,000", 753.0),
        ("7.055", 7.055),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1.234.567", 1234567.0),
        ("1,234,567", 1234567.0),
        ("252%", 2.52),
        ("252 %", 2.52),
        ("-1", -1.0),
        ("−1", -1.0),
        ("'7,5", 7.5),
        (" 7 ", 7.0),
        ("7\xa0", 7.0),
        (7, 7.0),
        (0.1, 0.1),
    ],
)
def test_a_number_is_read_in_any_of_the_ways_schools_write_it(cell: Cell, number: float) -> None:
    assert read_number(cell, "2022") == number


@pytest.mark.parametrize(
    "cell",
    ["#DIV/0!", "INCLUIR", "abc", "7,5,5", "1_000", "inf", "1/7/1900", True, date(2024, 1, 1)],
)
def test_what_is_no_number_is_told_apart_from_nothing(cell: Cell) -> None:
    with pytest.raises(ValueError, match="not a number"):
        read_number(cell, "2022")


@pytest.mark.parametrize("cell", ["", "  ", "NA", "n/a", "NaN", "-", "null", None, math.nan])
def test_nothing_is_nothing(cell: Cell) -> None:
    assert is_empty(cell)
    assert read_number(cell, "2022") is None


@pytest.mark.parametrize(
    ("cell", "phase"),
    [
        ("7", 7), ("FASE 7", 7), ("ALFA", 0), ("1A", 1), ("2K", 2), ("9", 9), (7.0, 7), ("7,0", 7),
        ("ALFA  (2º e 3º ano)", 0), ("Fase 2 (5° e 6° ano)", 2), ("Fase 8 (Universitários)", 8),
        ("fase 3", 3),
    ],
)  # fmt: skip
def test_a_phase_is_read_in_every_spelling(cell: Cell, phase: int) -> None:
    assert read_phase(cell, "2024") == phase


@pytest.mark.parametrize("cell", ["Alfabeto", "Fase", "7.5", "123", "5º ano", "#N/A"])
def test_what_is_no_phase_is_refused(cell: Cell) -> None:
    with pytest.raises(ValueError, match="not a"):
        read_phase(cell, "2024")


@pytest.mark.parametrize(
    ("cell", "age"),
    [
        ("12", 12), ("1/7/1900", 8), ("1/17/1900", 18), ("17/1/1900", 18), ("1900-01-07", 8),
        ("1900-01-07 00:00:00", 8), (date(1900, 1, 7), 7), (datetime(1900, 1, 21), 21), (9, 9),  # noqa: DTZ001
    ],
)  # fmt: skip
def test_an_age_is_read_also_where_a_spreadsheet_made_a_date_of_it(cell: Cell, age: int) -> None:
    assert read_age(cell, "2023") == age


def test_years_since_count_from_the_cell_to_the_period() -> None:
    assert read_years_since("2016", "2022") == 6
    assert read_years_since(date(2020, 2, 1), "2022") == 2
    with pytest.raises(ValueError, match="not a year"):
        read_years_since("16", "2022")


def test_an_error_text_is_no_category_and_no_id() -> None:
    assert read_text("#N/A", "2024") is None
    with pytest.raises(ValueError, match="spreadsheet"):
        read_category("#DIV/0!", "2024")


@given(st.floats(min_value=-1e6, max_value=1e6).map(lambda x: round(x, 4)))
def test_a_number_comes_back_from_its_text_with_point_or_comma(number: float) -> None:
    text = f"{number:.4f}"

    assert read_number(text, "") == number
    assert read_number(text.replace(".", ","), "") == number


@given(anything, st.sampled_from(sorted(READERS)))
@example("9" * 400, "number")
@example("1/31/1900", "age")
@example("31/31/1900", "age")
@example("x" * 100_000, "phase")
@example(10**400, "number")
@example(timedelta(1), "age")
@example(time(1), "text")
def test_a_reader_gives_a_value_or_nothing_or_says_why_not(cell: Cell, name: ReaderName) -> None:
    try:
        value = READERS[name](cell, "2024")
    except ValueError as error:
        assert str(error)
        return

    assert value is None or isinstance(value, str) or math.isfinite(value)


def test_every_reader_a_task_may_name_exists() -> None:
    assert set(READERS) == set(get_args(ReaderName))
