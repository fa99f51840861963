"""What Arrow reads of a CSV is what `csv` reads, row by row; and what it may read."""

from __future__ import annotations

import csv
import io
import random
from typing import Any

import pyarrow
import pytest

from api.bulk import reading
from api.bulk.plain_csv import PlainCsv
from model.errors import NotThisTask
from preprocessing.columnar.tables import TableReader
from preprocessing.files.grids import TextLines
from preprocessing.task.spec import load_task

PEDE = load_task("pede_lag")
HEADER = "student_id,inde,pedra"
CELLS = (
    "RA-1", "7.5", "", " ", '"7.5"', '""', '" x "', "Ametista", '"Ágata"', '"7,5"', "-", "nan",
    'x"y', '"a""b"', '"a"b', '"over\ntwo"', '"', "1e3", "\x1f", "\x0b",
)  # fmt: skip
ENDS = ("\n", "\n", "\n", "\r\n", "\r", "\n\n")


class NeverPlain(PlainCsv):
    """Leaves every line to `csv`."""

    def read(self, most: int) -> list[pyarrow.Array] | None:
        return None


def plain_of(text: str, kind: type[PlainCsv] = PlainCsv, width: int = 3) -> PlainCsv:
    return kind(TextLines("body", io.BytesIO(text.encode())), width)


def read(text: str, kind: type[PlainCsv]) -> list[Any]:
    """Every row with its number and what was read, or why it was refused; or why no file is."""
    lines = TextLines("body", io.BytesIO(text.encode()))
    rows = reading._csv_rows(lines)
    header, _ = next(rows)
    reader = TableReader(PEDE, header, "2024")
    found: list[Any] = []
    try:
        for one in reading._csv_chunks(kind(lines, len(header)), rows, len(header), reader):
            values = {row: place for place, row in enumerate(one.kept.tolist())}
            columns = {name: one.columns.values(name) for name in reader.places}
            for row, number in enumerate(one.numbers.tolist()):
                kept = {n: column[values[row]] for n, column in columns.items() if row in values}
                error = one.refused.get(row)
                found.append((number, one.students[row], kept, error and str(error)))
    except NotThisTask as error:
        found.append(str(error))
    return found


@pytest.mark.parametrize("seed", range(80))
def test_a_file_is_read_as_csv_reads_it(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK", 4)
    rng = random.Random(seed)
    # Most rows are plain, so that files go from one reader to the other and back.
    odd = rng.choice((0.0, 0.05, 0.3))
    text = HEADER + "\n"
    for number in range(rng.randint(0, 24)):
        cells = [f"RA-{number}", f"{rng.randint(0, 110) / 10}", rng.choice(("Ametista", "marble"))]
        if rng.random() < odd:
            cells = [rng.choice(CELLS) for _ in range(rng.choice((1, 2, 3, 3, 3, 4)))]
        text += ",".join(cells) + (rng.choice(ENDS) if rng.random() < odd else "\n")
    text = text if rng.random() < 0.5 else text[:-1]

    assert read(text, PlainCsv) == read(text, NeverPlain)


@pytest.mark.parametrize(
    "text",
    ['RA-1,7.5,"Ágata"\n', "RA-1,,\r\nRA-2,7,x", '"RA-1","7,5",""\nRA-2,1,2\n', "a b, ,é\n"],
)
def test_lines_without_doubt_are_read_as_columns(text: str) -> None:
    columns = plain_of(text).read(10)

    assert columns is not None
    rows = zip(*[column.to_pylist() for column in columns], strict=True)
    expected = [[cell or None for cell in row] for row in csv.reader(io.StringIO(text))]
    assert [list(row) for row in rows] == expected


@pytest.mark.parametrize(
    "text",
    [
        'RA-1,7.5,x"y\n', 'RA-1,7.5,"a""b"\n', 'RA-1,7.5,"a"b\n', 'RA-1,7.5,"over\ntwo"\n',
        "RA-1,7.5\n", "RA-1,7.5,x,y\n", "RA-1,7.5,x\n\n", "RA-1,7.5,x\rRA-2,7,y\n",
        'RA-1,7.5,"\n', f"RA-1,7.5,{'x' * 140_000}\n", "",
    ],
    ids=repr,
)  # fmt: skip
def test_lines_that_may_be_doubted_are_left_to_csv_and_are_still_to_come(text: str) -> None:
    lines = TextLines("body", io.BytesIO((text or "\n").encode()))
    if not text:
        next(lines)

    assert PlainCsv(lines, 3).read(10) is None
    assert "".join(lines) == text


def test_of_a_single_column_an_empty_line_is_no_row() -> None:
    assert plain_of("1\n\n2\n", width=1).read(10) is None


def test_no_more_lines_are_ahead_than_a_row_may_be_long(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = TextLines("body", io.BytesIO(b"x" * 99 + b"\n" + b"y" * (1 << 22)))

    ahead = lines.ahead(10)

    assert len(ahead) == 2
    assert len(ahead[1]) == (1 << 20) + 1
