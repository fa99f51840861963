"""A list as a file: for a spreadsheet, as a workbook, for a program, or as a page to print."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal

import xlsxwriter
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.card_answer import wishes
from api.files.guarded_text import CsvLines
from api.lists.cells import Cell, Sheet
from api.lists.rows import every_part
from api.lists.view import ListView
from api.lists.words import Language, Words, words
from api.operation import TEXT, Json
from api.services import Services
from model.lists.published import Lane

Form = Literal["csv", "xlsx", "parquet", "html"]

PIECE = 64 * 1024
ROWS = 500
"""Of a CSV that are written at a time."""
WIDTHS = {"reasons": 60, "student_id": 16}
WIDTH = 12
"""Characters of a column of a workbook."""


@dataclass(frozen=True, slots=True)
class Written:
    """A list that is to be written.

    Attributes:
        sheet: how students become cells.
        at: when.
    """

    here: Services
    view: ListView
    sheet: Sheet
    at: datetime

    async def rows(self, lane: Lane | None = None) -> AsyncIterator[tuple[Cell, ...]]:
        """The cells of the students that are wanted, or of those of one lane.

        Raises:
            RegistryError: the registry went away; what was written until then is not whole.
        """
        positions = self.view.chosen.tolist()
        if lane is not None:
            positions = [place for place in positions if self.view.scored.lanes[place] is lane]
        async for part in every_part(self.here, self.view, positions):
            for student in part:
                yield self.sheet.cells(student)


Write = Callable[[Written], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class ListFile:
    """One form of file.

    Attributes:
        schema: of the OpenAPI page.
        disposition: whether a browser saves it or shows it.
        headers: those of its own.
    """

    media_type: str
    write: Write
    schema: Json
    disposition: str = "attachment"
    headers: Mapping[str, str] = field(default_factory=dict)


def file_of(
    here: Services, view: ListView, form: ListFile, language: Language, at: datetime
) -> AsyncIterator[bytes]:
    """A list as a file, piece by piece.

    Args:
        here: the services of the task.
        view: the list.
        form: of the file.
        language: of the file.
        at: when it is written.
    """
    names = here.task.shown_names(language)
    sheet = Sheet(here.task, view.champion.thresholds.scale, words(language), names)
    return form.write(Written(here, view, sheet, at))


async def csv_pieces(told: Written) -> AsyncIterator[bytes]:
    """A CSV that a spreadsheet of that language opens right, for it begins with a BOM."""
    lines = CsvLines(told.sheet.header, told.sheet.words.language)
    waiting: list[tuple[Cell, ...]] = []
    async for cells in told.rows():
        waiting.append(cells)
        if len(waiting) == ROWS:
            yield lines.take(waiting)
            waiting = []
    yield lines.take(waiting)


def _text(cell: Cell, language: Words) -> str:
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else language.number(cell)


async def xlsx_pieces(told: Written) -> AsyncIterator[bytes]:
    """A workbook of one sheet; texts are texts, whatever they begin with."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="farol-list-"))
        path = Path(folder) / "list.xlsx"
        book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "tmpdir": folder,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        sheet = book.add_worksheet()
        bold, tenth = book.add_format({"bold": True}), book.add_format({"num_format": "0.0"})
        for number, name in enumerate(told.sheet.keys):
            sheet.set_column(number, number, WIDTHS.get(name, WIDTH))
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, told.sheet.header, bold)
        row = 0
        async for cells in told.rows():
            row += 1
            for number, cell in enumerate(cells):
                if isinstance(cell, str):
                    sheet.write_string(row, number, cell)
                elif cell is not None:
                    sheet.write_number(row, number, cell, tenth if type(cell) is float else None)
        sheet.autofilter(0, 0, row, len(told.sheet.header) - 1)
        await asyncio.to_thread(book.close)
        file = stack.enter_context(path.open("rb"))
        for piece in iter(partial(file.read, PIECE), b""):
            yield piece


async def parquet_pieces(told: Written) -> AsyncIterator[bytes]:
    """Parquet, whose columns have the names of the API and cells the words of the language."""
    rows = [cells async for cells in told.rows()]
    with tempfile.TemporaryDirectory(prefix="farol-list-") as folder:
        path = Path(folder) / "list.parquet"
        await asyncio.to_thread(_write_parquet, path, told.sheet.keys, rows)
        with path.open("rb") as file:
            for piece in iter(partial(file.read, PIECE), b""):
                yield piece


def _write_parquet(path: Path, keys: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Writes it; the library too is loaded beside the event loop, when first asked for."""
    from api.lists.parquet import write_parquet

    write_parquet(path, keys, rows)


async def html_pieces(told: Written) -> AsyncIterator[bytes]:
    """A page to print: the lanes one after the other, with room for notes."""
    page = _environment().get_template("list.html.jinja")
    present = {told.view.scored.lanes[place] for place in told.view.chosen.tolist()}
    said, lanes = told.sheet.words, [lane for lane in Lane if lane in present]
    waiting, size = [], 0
    async for piece in page.generate_async(
        title=told.here.task.title_pt if said.language == "pt" else told.here.task.title,
        period=told.view.period or "",
        n=len(told.view.chosen),
        day=said.day(told.at),
        language=said.language,
        said=said,
        text=partial(_text, language=said),
        columns=told.sheet.printed,
        lanes=lanes,
        rooms={lane: _room(told.view, lane, said) for lane in lanes},
        rows=told.rows,
    ):
        waiting.append(piece)
        size += len(piece)
        if size > PIECE:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join(waiting).encode()


def _room(view: ListView, lane: Lane, said: Words) -> str:
    rooms = [room for room in view.rooms if room.lane is lane]
    within, students = sum(room.within for room in rooms), sum(room.students for room in rooms)
    return said("room", within=within, students=students)


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("api.lists"),
        autoescape=True,
        undefined=StrictUndefined,
        enable_async=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


FORMS: Mapping[Form, ListFile] = {
    "csv": ListFile("text/csv", csv_pieces, TEXT),
    "xlsx": ListFile(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        xlsx_pieces,
        {"schema": {"type": "string", "format": "binary"}},
    ),
    "parquet": ListFile(
        "application/vnd.apache.parquet",
        parquet_pieces,
        {"schema": {"type": "string", "format": "binary"}},
    ),
    "html": ListFile(
        "text/html",
        html_pieces,
        TEXT,
        disposition="inline",
        headers={
            # The page needs nothing but its own text, and may load nothing else.
            "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
            "x-content-type-options": "nosniff",
        },
    ),
}


def wished_form(form: Form | None, accept: str) -> Form:
    """What `?format=` says, else what `Accept` prefers, else CSV.

    A page to print is given where it is asked for by name alone, since every browser accepts HTML.

    >>> wished_form(None, "application/vnd.apache.parquet"), wished_form(None, "text/html, */*")
    ('parquet', 'csv')
    """
    if form is not None:
        return form
    wished = wishes(accept)
    named: tuple[Form, ...] = ("csv", "xlsx", "parquet")
    return max(named, key=lambda one: wished.get(FORMS[one].media_type, 0.0))
