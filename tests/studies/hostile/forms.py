"""Tables written as files of each kind, and files whose bytes were changed."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import zip_longest

import openpyxl
import pyarrow
import pyarrow.parquet
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from tests.studies.hostile.tables import SchoolTable, changed

TYPED = (
    True, False, 7, -1, 2**70, 7.5, float("inf"), float("nan"), 1e300, date(1900, 1, 7),
    date(9999, 12, 31), timedelta(days=2), "", "x", None,
)  # fmt: skip
"""What a typed cell may hold."""


@dataclass(frozen=True)
class Mutant:
    """A file that is no genuine one any more.

    Attributes:
        what: which changes were made.
        name: of the file.
        data: its bytes.
        touched: ids that may be read otherwise; None where all may.
        new_ids: how many ids there may be that the genuine file has not.
        must_be_read: whether nothing was done that excuses a refusal.
    """

    what: str
    name: str
    data: bytes
    touched: frozenset[str] | None
    new_ids: int = 0
    must_be_read: bool = False


def as_csv(table: SchoolTable, chance: random.Random) -> bytes:
    """A text in one of the encodings, delimiters and line ends of the world."""
    text = io.StringIO(newline="")
    writer = csv.writer(
        text,
        delimiter=chance.choice([",", ";", "\t", "|"]),
        lineterminator=chance.choice(["\n", "\r\n"]),
        quoting=chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    )
    writer.writerows(table.grid)
    encoding = chance.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"])
    return text.getvalue().encode(encoding, errors="replace")


def as_xlsx(table: SchoolTable, chance: random.Random) -> bytes:
    """A workbook, its numbers as numbers."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = chance.choice(["Sheet1", "PEDE2023", "notas"])
    for row in table.grid:
        sheet.append([_cell(cell) for cell in row])
    if chance.random() < 0.3:
        book.create_sheet("outra").append(["nada", "aqui"])
    return _saved(book)


def typed_xlsx(table: SchoolTable, chance: random.Random) -> Mutant:
    """A workbook some of whose cells are of another type."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in table.grid:
        sheet.append([_cell(cell) for cell in row])
    touched = set()
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(table.rows))
        touched.add(table.id_of(at))
        cell = sheet.cell(at + 2, chance.randint(1, len(table.header)))
        value = chance.choice([*TYPED, "=1/0", "#REF!"])
        # A workbook has no number beyond a float, and none that is none.
        cell.value = value if value == value and value not in (2**70, float("inf")) else None
    return Mutant("typed cells", "pede_2023.xlsx", _saved(book), frozenset(touched), len(touched))


def as_parquet(table: SchoolTable, chance: random.Random) -> bytes:
    """A Parquet file, all of it text, under one of the usual compressions."""
    return _parquet(_columns(table), chance)


def typed_parquet(table: SchoolTable, chance: random.Random) -> Mutant:
    """A Parquet file some of whose columns are of another type."""
    columns = _columns(table)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(columns))
        columns[at] = (columns[at][0], _any_array(len(table.rows), chance))
    try:
        data = _parquet(columns, chance)
    except pyarrow.ArrowException:  # A moment that no Parquet file holds.
        data = as_parquet(table, chance)
    return Mutant("typed columns", "pede_2023.parquet", data, None)


FORMS: dict[str, Callable[[SchoolTable, random.Random], bytes]] = {
    "csv": as_csv, "xlsx": as_xlsx, "parquet": as_parquet,
}  # fmt: skip


def mutant(table: SchoolTable, kind: str, chance: random.Random) -> Mutant:
    """One file of a kind, changed in its table, its types or its bytes."""
    draw = chance.random()
    if kind != "csv" and draw < 0.15:
        return (typed_xlsx if kind == "xlsx" else typed_parquet)(table, chance)
    if draw < 0.6:
        what, after = changed(table, chance)
        # A Parquet file has no rows above its header.
        after = replace(after, above=()) if kind == "parquet" else after
        data = FORMS[kind](after, chance)
        readable = after.touched == frozenset()
        return Mutant(what, f"pede_2023.{kind}", data, after.touched, after.new_ids, readable)
    data = FORMS[kind](table, chance)
    if kind == "xlsx" and draw < 0.8:
        return Mutant("parts", "pede_2023.xlsx", _with_other_parts(data, chance), None)
    # An archive knows the checksum of each part: it is refused, or nothing of it was touched.
    touched = frozenset[str]() if kind == "xlsx" else None
    return Mutant("bytes", f"pede_2023.{kind}", damaged(data, chance), touched)


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, gone, doubled or put in."""
    raw = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 8])):
        at = chance.randrange(len(raw) + 1)
        span = slice(at, at + chance.choice([1, 2, 16, 200]))
        match chance.randrange(6):
            case 0 if at < len(raw):
                raw[at] ^= 1 << chance.randrange(8)
            case 1:
                del raw[span]
            case 2:
                raw[at:at] = raw[span]
            case 3:
                raw[at:at] = chance.randbytes(chance.choice([1, 4, 40]))
            case 4:
                raw[at:at] = chance.choice([b'"', b"\0", b"\n", b"\xff\xfe", b";", b"\x1a", b"\r"])
            case _:
                raw[span] = chance.choice([b"\0", b"\xff", b"9"]) * len(raw[span])
    if chance.random() < 0.2:
        del raw[chance.randrange(len(raw) + 1) :]
    return bytes(raw)


TOKENS = (
    (b't="s"', b't="e"'), (b't="s"', b't="n"'), (b't="n"', b't="b"'), (b't="n"', b't="d"'),
    (b"<v>", b"<v>-"), (b"<v>", b"<v>9999999999"), (b"</v>", b""), (b"<row r=", b"<row q="),
    (b'r="A', b'r="XFD'), (b'r="B', b'r="'), (b'r="C2"', b'r="C99999999999999999999"'),
    (b"sheetData", b"sheetdata"), (b"<si>", b""), (b"<sst", b"<!DOCTYPE x [<!ENTITY a 'b'>]><sst"),
    (b"<t>", b"<t>&a;"), (b"<t>", b"<t>&#0;"), (b"<t>", b"<t>\xff"), (b"UTF-8", b"UTF-16"),
    (b"count=", b"count=-"), (b"worksheet", b"chartsheet"), (b"sheet1.xml", b"../../sheet1.xml"),
    (b"sharedStrings.xml", b"styles.xml"), (b"<f>", b"<f t='shared' si='-1'>"),
    (b"<numFmts", b"<numFmts count='4294967295'"),
    (b"<dimension", b"<dimension ref='A1:XFD9999999'"),
)  # fmt: skip


def _with_other_parts(data: bytes, chance: random.Random) -> bytes:
    """The same archive with a part changed, gone, doubled or added; checksums are right again."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    at = chance.randrange(len(parts))
    name, part = parts[at]
    match chance.randrange(6):
        case 0:
            del parts[at]
        case 1:
            parts[at] = (name, damaged(part, chance))
        case 2:
            parts.insert(chance.randrange(len(parts)), (f"{name}2", part))
        case 3:
            parts[at] = (chance.choice([name.upper(), f"/{name}", f"../{name}", "mimetype"]), part)
        case _:
            old, new = chance.choice(TOKENS)
            having = [i for i, (_, content) in enumerate(parts) if old in content]
            for i in chance.sample(having, min(len(having), 1)):
                times = chance.choice([1, -1])
                parts[i] = (parts[i][0], parts[i][1].replace(old, new, times))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", chance.choice([0, 8, 12, 14])) as archive:
        for name, part in parts:
            archive.writestr(name, part)
    return buffer.getvalue()


def _cell(text: str) -> object:
    """A cell as a spreadsheet's user typed it; control characters have no place in its XML."""
    text = ILLEGAL_CHARACTERS_RE.sub("", text)
    try:
        number = float(text)
    except ValueError:
        return text
    return number if text.replace(".", "", 1).isdecimal() and text.isascii() else text


def _saved(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _columns(table: SchoolTable) -> list[tuple[str, pyarrow.Array]]:
    grid = [table.header, *table.rows]
    width = max(map(len, grid))
    header = table.header + [""] * (width - len(table.header))
    columns = list(zip_longest(*table.rows))
    columns += [(None,) * len(table.rows)] * (width - len(columns))
    return [
        (name, pyarrow.array([cell or None for cell in column], pyarrow.string()))
        for name, column in zip(header, columns, strict=True)
    ]


def _parquet(columns: list[tuple[str, pyarrow.Array]], chance: random.Random) -> bytes:
    names, arrays = [name for name, _ in columns], [array for _, array in columns]
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(
        pyarrow.Table.from_arrays(arrays, names=names),
        buffer,
        compression=chance.choice(["snappy", "gzip", "zstd", "none"]),
        use_dictionary=chance.random() < 0.5,
        row_group_size=chance.choice([5, 1000]),
        data_page_version=chance.choice(["1.0", "2.0"]),
    )
    return buffer.getvalue()


def _any_array(n: int, chance: random.Random) -> pyarrow.Array:
    """A column of some type that no school means."""
    at = datetime(1900, 1, 7, tzinfo=UTC)
    made: list[Callable[[], pyarrow.Array]] = [
        lambda: pyarrow.array([2**63 - 1 - i for i in range(n)]),
        lambda: pyarrow.array([float("nan"), *[float("inf")] * (n - 1)]),
        lambda: pyarrow.array([i % 2 == 0 for i in range(n)]),
        lambda: pyarrow.array([Decimal("7.50")] * n),
        lambda: pyarrow.array([Decimal(10) ** 70] * n, pyarrow.decimal256(76, 2)),
        lambda: pyarrow.array([at.date()] * n),
        lambda: pyarrow.array([at] * n, pyarrow.timestamp("ns", "America/Sao_Paulo")),
        lambda: pyarrow.array([2**62] * n, pyarrow.int64()).cast(pyarrow.timestamp("s")),
        lambda: pyarrow.array([2**62] * n, pyarrow.int64()).cast(pyarrow.duration("s")),
        lambda: pyarrow.array([2**31 - 1] * n, pyarrow.int32()).cast(pyarrow.date32()),
        lambda: pyarrow.array([b"\xff\xfe7"] * n),
        lambda: pyarrow.array([b"\xff\xfe7"] * n, pyarrow.binary()).view(pyarrow.string()),
        lambda: pyarrow.array([[1, 2]] * n),
        lambda: pyarrow.array([{"a": 1}] * n),
        lambda: pyarrow.nulls(n),
        lambda: pyarrow.array(["RA-1"] * n).dictionary_encode(),
        lambda: pyarrow.array(["x" * 100_000] * n),
    ]
    return chance.choice(made)()
