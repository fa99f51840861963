"""Files as grids, whatever is in them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.errors import NotThisTask
from preprocessing.files.grids import read_grids

TEXT = "RA;Fase;INDE 22\nRA-1;7;5,783\nRA-2;8;6,1\nJosé;1;\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_csv_is_read_in_any_usual_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "pede_2022.csv"
    path.write_bytes(TEXT.encode(encoding))

    (grid,) = read_grids(path)

    assert grid.rows[0] == ["RA", "Fase", "INDE 22"]
    assert grid.rows[3][0] == "José"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_cuts_the_lines_alike(tmp_path: Path, delimiter: str) -> None:
    lines = [
        ["a", "b", "c"],
        *[[f'"{i},5"', f'"{i};5"', "x|y" if delimiter != "|" else "z"] for i in range(9)],
    ]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(delimiter.join(line) for line in lines), encoding="utf-8")

    (grid,) = read_grids(path)

    assert {len(row) for row in grid.rows} == {3}


def test_a_semicolon_file_with_decimal_commas_is_not_cut_at_the_commas(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a;b\n" + "1,5;2,5\n" * 30, encoding="utf-8")

    assert read_grids(path)[0].rows[1] == ["1,5", "2,5"]


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_a_workbook_gives_a_grid_a_sheet(tmp_path: Path) -> None:
    sheets: dict[str, list[list[object]]] = {"PEDE2022": [["RA"], ["RA-1"]], "PEDE2023": [["RA"]]}

    grids = read_grids(workbook(tmp_path / "pede.xlsx", sheets))

    assert [(grid.source, grid.sheet) for grid in grids] == [
        ("pede.xlsx:PEDE2022", "PEDE2022"),
        ("pede.xlsx:PEDE2023", "PEDE2023"),
    ]


def test_a_parquet_file_keeps_its_numbers(tmp_path: Path) -> None:
    path = tmp_path / "pede_2022.parquet"
    table = pyarrow.table({"RA": ["RA-1", None], "INDE 22": [5.5, None]})
    pyarrow.parquet.write_table(table, path)

    assert list(read_grids(path)[0].rows) == [["RA", "INDE 22"], ["RA-1", 5.5], [None, None]]


def test_a_file_is_told_by_its_content_and_not_by_its_ending(tmp_path: Path) -> None:
    path = workbook(tmp_path / "really_a_workbook.csv", {"s": [["RA"]]})

    assert read_grids(path)[0].sheet == "s"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n ",
        b"\x00\x01\x02" * 500,
        bytes(range(256)) * 20,
        b"%PDF-1.7\n" + bytes(range(128, 256)) * 50,
        b"PK\x03\x04 not a zip",
        b"PAR1 not parquet PAR1",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000,
        b'a,b\n"' + b"x" * 300_000,
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_table_is_refused_by_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(data)

    with pytest.raises(NotThisTask, match=r"file\.csv"):
        read_grids(path)


def test_a_missing_file_and_a_folder_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(NotThisTask, match=r"none\.csv"):
        read_grids(tmp_path / "none.csv")
    with pytest.raises(NotThisTask, match="cannot be read"):
        read_grids(tmp_path)


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_does(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(20 << 20))

    with pytest.raises(NotThisTask, match="unpacked"):
        read_grids(path, largest=10 << 20)


magic = st.sampled_from(
    [b"", b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"RA,Fase\n"]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(head=magic, tail=st.binary(max_size=600))
def test_no_bytes_whatever_do_worse_than_being_refused(
    tmp_path: Path, head: bytes, tail: bytes
) -> None:
    path = tmp_path / "any"
    path.write_bytes(head + tail)

    try:
        grids = read_grids(path)
    except NotThisTask:
        return

    assert len(grids) >= 1


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(at=st.integers(0, 6000), byte=st.integers(0, 255))
def test_a_damaged_workbook_is_read_or_refused(tmp_path: Path, at: int, byte: int) -> None:
    buffer = io.BytesIO()
    book = openpyxl.Workbook()
    book.worksheets[0].append(["RA", "Fase", 1.5])
    book.save(buffer)
    data = bytearray(buffer.getvalue())
    data[at % len(data)] = byte
    path = tmp_path / "damaged.xlsx"
    path.write_bytes(data)

    try:
        grids = read_grids(path)
    except NotThisTask:
        return

    assert len(grids) >= 1
