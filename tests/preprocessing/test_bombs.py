"""Files of a few bytes that ask for gigabytes: refused with a reason, in little memory."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest

from model.errors import NotThisTask
from preprocessing.files import limits
from preprocessing.files.grids import read_grids
from preprocessing.files.loading import read_tables
from preprocessing.task.spec import TaskSpec
from tests.preprocessing.conftest import NOW

GIGABYTE = 1 << 30
SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<sheetData>{rows}</sheetData></worksheet>"
)
CELL = '<c r="{at}" t="inlineStr"><is><t>RA</t></is></c>'
TABLE = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">'
    '<office:body><office:spreadsheet><table:table table:name="S2023">{rows}</table:table>'
    "</office:spreadsheet></office:body></office:document-content>"
)
TEXT = (
    '<table:table-cell office:value-type="string"{more}><text:p>{text}</text:p></table:table-cell>'
)
OPEN_DOCUMENT = "application/vnd.oasis.opendocument.spreadsheet"


def xlsx(path: Path, sheet: str, *, more: dict[str, str] | None = None) -> Path:
    """A workbook whose first sheet is that XML."""
    plain = io.BytesIO()
    openpyxl.Workbook().save(plain)
    with (
        zipfile.ZipFile(plain) as was,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in was.namelist():
            if name != "xl/worksheets/sheet1.xml":
                archive.writestr(name, (more or {}).get(name) or was.read(name))
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    return path


def ods(path: Path, rows: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", OPEN_DOCUMENT)
        archive.writestr(
            "META-INF/manifest.xml",
            "<manifest:manifest"
            ' xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{OPEN_DOCUMENT}"/>'
            "</manifest:manifest>",
        )
        archive.writestr("content.xml", TABLE.format(rows=rows))
    return path


def far_cell(path: Path) -> Path:
    rows = f'<row r="1">{CELL.format(at="A1")}</row><row r="1048576">{CELL.format(at="XFD1048576")}'
    return xlsx(path / "far.xlsx", SHEET.format(rows=rows + "</row>"))


def beyond_any_row(path: Path) -> Path:
    rows = f'<row r="1">{CELL.format(at="A1")}</row><row r="6000000">{CELL.format(at="A6000000")}'
    return xlsx(path / "beyond.xlsx", SHEET.format(rows=rows + "</row>"))


def sparse_rows(path: Path) -> Path:
    rows = "".join(f'<row r="{n}">{CELL.format(at=f"A{n}")}</row>' for n in range(1, 600_000))
    return xlsx(path / "sparse.xlsx", SHEET.format(rows=rows))


def sparse_text(path: Path) -> Path:
    (path / "sparse.csv").write_bytes(b"a,b\n" + b"1,\n" * 6_000_000)
    return path / "sparse.csv"


def one_wide_row(path: Path) -> Path:
    (path / "wide.csv").write_bytes(b"a,b\n" + b"," * 200_000_000 + b"\n")
    return path / "wide.csv"


def repeated_cells(path: Path) -> Path:
    many = ' table:number-columns-repeated="16384"'
    row = '<table:table-row table:number-rows-repeated="1048576">'
    return ods(path / "many.ods", f"{row}{TEXT.format(more=many, text='x')}</table:table-row>")


def row_behind_many_empty(path: Path) -> Path:
    empty = '<table:table-row table:number-rows-repeated="9000000"><table:table-cell/>'
    last = f"<table:table-row>{TEXT.format(more='', text='x')}</table:table-row>"
    return ods(path / "behind.ods", f"{empty}</table:table-row>{last}")


def unpacks_to_much(path: Path) -> Path:
    blanks = " " * 300_000_000
    return xlsx(path / "zip.xlsx", SHEET.format(rows=blanks))


def one_sheet_a_thousand_times(path: Path) -> Path:
    sheets = "".join(f'<sheet name="s{i}" sheetId="{i}" r:id="rId1"/>' for i in range(1, 1001))
    book = (
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        f"<sheets>{sheets}</sheets></workbook>"
    )
    rows = f'<row r="1">{CELL.format(at="A1")}</row><row r="9000">{CELL.format(at="ALL9000")}</row>'
    more = {"xl/workbook.xml": book}
    return xlsx(path / "again.xlsx", SHEET.format(rows=rows), more=more)


def repeated_text(path: Path) -> Path:
    text = pyarrow.DictionaryArray.from_arrays(
        pyarrow.array([0] * 400_000, pyarrow.int32()), pyarrow.array(["x" * 100_000])
    )
    pyarrow.parquet.write_table(pyarrow.table({"RA": text}), path / "text.parquet")
    return path / "text.parquet"


def many_empty_rows(path: Path) -> Path:
    table = pyarrow.table({"RA": pyarrow.nulls(6_000_000, pyarrow.string())})
    pyarrow.parquet.write_table(table, path / "nulls.parquet")
    return path / "nulls.parquet"


BOMBS: dict[Callable[[Path], Path], str] = {
    far_cell: "more than 500,000 rows",
    beyond_any_row: "more than 500,000 rows",
    sparse_rows: "more than 500,000 rows",
    sparse_text: "more than 500,000 rows",
    one_wide_row: "a row runs over 1,048,576 characters",
    repeated_cells: "more than 500,000 rows",
    row_behind_many_empty: "more than 500,000 rows",
    unpacks_to_much: "larger than 256 MB once unpacked",
    one_sheet_a_thousand_times: "more than 200 sheets",
    repeated_text: "larger than 256 MB once unpacked",
    many_empty_rows: "more than 500,000 rows",
}
READ = """
import resource, sys
from pathlib import Path
from model.errors import NotThisTask
from preprocessing.files.grids import read_grids
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), int(sys.argv[2])))
try:
    read_grids(Path(sys.argv[1]))
except NotThisTask as error:
    print(error)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak.split()[1])
"""


@pytest.mark.slow
@pytest.mark.parametrize("bomb", list(BOMBS), ids=[bomb.__name__ for bomb in BOMBS])
def test_a_small_file_that_asks_for_much_memory_is_refused_in_little(
    bomb: Callable[[Path], Path], tmp_path: Path
) -> None:
    path = bomb(tmp_path)

    # Address space, not memory: pyarrow alone reserves more than it uses.
    ran = subprocess.run(
        [sys.executable, "-c", READ, str(path), str(4 * GIGABYTE)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    told, memory = ran.stdout.splitlines()
    assert BOMBS[bomb] in told
    assert path.name in told
    assert int(memory) * 1024 < 0.8 * GIGABYTE


def test_a_part_that_is_larger_than_its_directory_says_is_not_read_beyond(tmp_path: Path) -> None:
    path = tmp_path / "lies.xlsx"
    rows = "".join(f'<row r="{n}">{CELL.format(at=f"A{n}")}</row>' for n in range(1, 5000))
    data = bytearray(xlsx(path, SHEET.format(rows=rows)).read_bytes())
    size = len(SHEET.format(rows=rows)).to_bytes(4, "little")
    at = data.rfind(size)
    data[at : at + 4] = (100).to_bytes(4, "little")
    path.write_bytes(data)

    with pytest.raises(NotThisTask, match=r"lies\.xlsx: is no readable workbook"):
        read_grids(path)


def test_sheets_are_counted_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_CELLS", 10)
    book = openpyxl.Workbook()
    book.worksheets[0].append(["a", "b", "c"])
    for name in ("second", "third"):
        book.create_sheet(name).append(["a", "b", "c"])
    book.save(tmp_path / "three.xlsx")
    book.create_sheet("fourth").append(["a", "b", "c"])
    book.save(tmp_path / "four.xlsx")

    assert len(read_grids(tmp_path / "three.xlsx")) == 3
    with pytest.raises(NotThisTask, match="more than 10 cells"):
        read_grids(tmp_path / "four.xlsx")


def test_empty_rows_and_cells_at_the_end_of_a_sheet_take_no_room(tmp_path: Path) -> None:
    row = f"<table:table-row>{TEXT.format(more='', text='RA')}"
    fill = '<table:table-cell table:number-columns-repeated="16383"/></table:table-row>'
    rest = '<table:table-row table:number-rows-repeated="1048575">'
    rest += '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'

    (grid,) = read_grids(ods(tmp_path / "usual.ods", row + fill + rest))

    assert [list(cells) for cells in grid.rows] == [["RA"]]


def test_an_age_shown_as_a_date_is_read_right_from_an_open_document(
    tmp_path: Path, pede: TaskSpec
) -> None:
    head = ["RA", "Fase", "Idade", "IAA", "IEG", "IPS", "Defasagem"]
    cells = ["a", "1", None, "8", "9", "7", "0"]
    # LibreOffice shows the number 8 as 7 January 1900.
    date = (
        '<table:table-cell office:value-type="date" office:date-value="1900-01-07">'
        "<text:p>1/7/1900</text:p></table:table-cell>"
    )
    rows = "".join(
        "<table:table-row>"
        + "".join(date if text is None else TEXT.format(more="", text=text) for text in line)
        + "</table:table-row>"
        for line in (head, cells)
    )

    (table,) = read_tables(ods(tmp_path / "pede.ods", rows), pede, now=NOW)

    assert table.observations[0].features["idade"] == 8.0


def test_a_parquet_column_of_lists_holds_no_cells(tmp_path: Path) -> None:
    table = pyarrow.table({"a": ["x"], "lists": [[1, 2]], "b": [2.5]})
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")

    (grid,) = read_grids(tmp_path / "t.parquet")

    assert list(grid.rows) == [["a", "lists", "b"], ["x", None, 2.5]]
