"""Lines of a CSV of which nobody can doubt how they fall into cells, read by Arrow.

Arrow reads a line in a fifth of the time that Python's `csv` needs, whose rows are lists of texts
that become columns afterwards. Where the two could differ, `csv` decides: cells with quotes inside
them or over several lines, rows of another length than the header's, empty lines.
"""

from __future__ import annotations

import csv

import pyarrow
import pyarrow.compute
import pyarrow.csv

from preprocessing.files.grids import TextLines

CELLS = r'^(?:(?:[^"{0}\r\n]*|"[^"\r\n]*")(?:[{0}]|\r?\n))*$'
"""Lines of cells, each without any quote or wholly within two."""


class PlainCsv:
    """Reads the lines of a CSV as columns, as far as they are plain.

    Args:
        lines: of the file, after its header.
        width: cells of the header.
    """

    def __init__(self, lines: TextLines, width: int) -> None:
        self._lines = lines
        self._cells = CELLS.format(lines.delimiter)
        names = [str(place) for place in range(width)]
        self._names = pyarrow.csv.ReadOptions(column_names=names, use_threads=False)
        self._parse = pyarrow.csv.ParseOptions(delimiter=lines.delimiter)
        self._texts = pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pyarrow.string()),
            null_values=[""],
            strings_can_be_null=True,
        )

    def read(self, most: int) -> list[pyarrow.Array] | None:
        """The columns of the next lines, null where a cell holds nothing.

        Args:
            most: lines.

        Returns:
            None where `csv` has to read them, or there are none; they are still to come then.
        """
        ahead = self._lines.ahead(most)
        if not ahead:
            return None
        text = "".join(ahead)
        if max(map(len, ahead)) > csv.field_size_limit() or not self._is_plain(text):
            return None
        data = text.encode()
        self._names.block_size = len(data) + 1
        try:
            table = pyarrow.csv.read_csv(
                pyarrow.BufferReader(data), self._names, self._parse, self._texts
            )
        except pyarrow.ArrowInvalid:  # A row of another length.
            return None
        if len(table) != len(ahead):  # An empty line, which counts though it is no row.
            return None
        self._lines.taken()
        return [column.combine_chunks() for column in table.columns]

    def _is_plain(self, text: str) -> bool:
        ended = text if text.endswith("\n") else f"{text}\n"
        return bool(
            pyarrow.compute.match_substring_regex(pyarrow.array([ended]), self._cells)[0].as_py()
        )
