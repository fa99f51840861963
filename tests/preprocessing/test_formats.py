"""The same survey as CSV, workbook and Parquet reads the same."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from preprocessing.files.loading import CleanTable, read_file, read_tables
from preprocessing.task.spec import TaskSpec
from tests.preprocessing.conftest import NOW, YEARS
from tests.preprocessing.test_readers import workbook


def rows_of(real_data: Path, year: str) -> list[list[str]]:
    with (real_data / f"pede_{year}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def as_typed(cell: str) -> object:
    """The cell as Excel holds it: a number as a number, an age shown as a date as its date.

    The text of the CSV counts from 1899-12-30, Excel's own day 1 is 1 January 1900.
    """
    if cell.startswith("1/") and cell.endswith("/1900"):
        return datetime(1900, 1, int(cell.split("/")[1]) + 1)  # noqa: DTZ001
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return cell or None


def content(table: CleanTable) -> object:
    seen = [(o.student_id, o.features, o.protected) for o in table.observations]
    return seen, [(o.student_id, o.period, o.value) for o in table.outcomes]


@pytest.fixture(scope="module")
def book(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    sheets = {
        f"PEDE{year}": [[as_typed(cell) for cell in row] for row in rows_of(real_data, year)]
        for year in YEARS
    }
    return workbook(tmp_path_factory.mktemp("book") / "base de dados.xlsx", sheets)


def test_a_workbook_with_a_sheet_a_year_reads_as_the_three_files_do(
    book: Path, pede: TaskSpec, pede_years: Mapping[str, CleanTable]
) -> None:
    reading = read_file(book, pede, now=NOW)

    assert [table.batch.period for table in reading.tables] == list(YEARS)
    for table in reading.tables:
        assert content(table) == content(pede_years[table.batch.period])


@pytest.mark.parametrize("year", YEARS)
def test_a_parquet_file_reads_as_the_csv_does(
    real_data: Path,
    tmp_path: Path,
    pede: TaskSpec,
    pede_years: Mapping[str, CleanTable],
    year: str,
) -> None:
    header, *rows = rows_of(real_data, year)
    arrays = [
        pyarrow.array([cell or None for cell in column]) for column in zip(*rows, strict=True)
    ]
    path = tmp_path / f"pede_{year}.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_arrays(arrays, names=header), path)

    (table,) = read_tables(path, pede, now=NOW)

    assert content(table) == content(pede_years[year])


def test_a_semicolon_file_in_the_windows_code_page_reads_as_the_csv_does(
    real_data: Path, tmp_path: Path, pede: TaskSpec, pede_years: Mapping[str, CleanTable]
) -> None:
    path = tmp_path / "pede_2023.csv"
    with path.open("w", encoding="cp1252", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows_of(real_data, "2023"))

    (table,) = read_tables(path, pede, now=NOW)

    assert content(table) == content(pede_years["2023"])
