"""One column of a table's chunk as checked values, most of them without any Python per cell.

A cell that is an ordinary number within its bounds is taken here. Every other one is read by the
reader of its column as files are (`preprocessing.files`), a text that is repeated once; the rows of
those it refuses are marked, and read again one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow
import pyarrow.compute
from numpy.typing import NDArray

from model.errors import InvalidRecord
from model.student import Value
from preprocessing.columnar.columns import Categories, Numbers, categories_of
from preprocessing.files.cells import Cell
from preprocessing.files.grids import plain_cell
from preprocessing.task.columns import Column, Kind
from preprocessing.validation import bounds_of

Mask = NDArray[np.bool_]
ReadCell = Callable[[Cell], Value | None]

ORDINARY = r"^-?\d+([.,]\d+)?$"
"""A number that means the same to every reader: no thousands, no exponent, no unit."""
LONGEST_NUMBER = 100
"""Characters beyond which a text is left to the column's reader."""
BY_VALUE = frozenset({None, "number", "phase", "age"})
"""Readers that take a number, in a cell that holds one and no text, as it is."""


@dataclass(frozen=True, slots=True)
class ReadColumn:
    """The values of a column.

    Attributes:
        values: numbers with NaN, or categories, where a cell holds nothing.
        doubtful: cells that were not understood, shape (n,).
    """

    values: Numbers | Categories
    doubtful: Mask


def read_column(cells: pyarrow.Array, column: Column, read: ReadCell) -> ReadColumn:
    """The checked values of a column.

    Args:
        cells: n cells of any flat type.
        column: what they are to be.
        read: the column's reader with its check, for what is not ordinary.
    """
    if column.kind is Kind.CATEGORY:
        return _categories(cells, read)
    kind = cells.type
    if _is_number(kind) and column.reader in BY_VALUE:
        values = cells.cast(pyarrow.float64(), safe=False).to_numpy(zero_copy_only=False)
        return _bounded(values, np.zeros(len(cells), dtype=np.bool_), column)
    if is_text(kind) and column.reader in (None, "number"):
        return _numbers_of_text(cells, column, read)
    return _numbers(cells, read)


def is_text(kind: pyarrow.DataType) -> bool:
    """Whether cells of that type are texts."""
    return bool(pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind))


def _is_number(kind: pyarrow.DataType) -> bool:
    return bool(pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind))


def _numbers_of_text(cells: pyarrow.Array, column: Column, read: ReadCell) -> ReadColumn:
    strange = _strange(cells)
    try:
        values = cells.cast(pyarrow.float64()).to_numpy(zero_copy_only=False)
    except pyarrow.ArrowInvalid:
        return _some_ordinary(cells, column, read)
    # "nan" is read as a number, and may or may not be an empty cell.
    strange |= np.isnan(values) & np.asarray(cells.is_valid())
    return _bounded(values, strange, column)


def _strange(cells: pyarrow.Array) -> Mask:
    """Texts that Arrow and the readers may understand differently: endless ones and exponents."""
    lengths = pyarrow.compute.fill_null(pyarrow.compute.binary_length(cells), 0)
    exponent = pyarrow.compute.fill_null(
        pyarrow.compute.match_substring(cells, "e", ignore_case=True), False
    )
    return np.asarray(exponent) | (np.asarray(lengths) > LONGEST_NUMBER)


def _some_ordinary(cells: pyarrow.Array, column: Column, read: ReadCell) -> ReadColumn:
    ordinary = pyarrow.compute.fill_null(
        pyarrow.compute.match_substring_regex(cells, ORDINARY), False
    )
    short = pyarrow.compute.less_equal(pyarrow.compute.binary_length(cells), LONGEST_NUMBER)
    ordinary = pyarrow.compute.and_(ordinary, pyarrow.compute.fill_null(short, False))
    nothing = pyarrow.scalar(None, cells.type)
    points = pyarrow.compute.replace_substring(
        pyarrow.compute.if_else(ordinary, cells, nothing), ",", "."
    )
    values = points.cast(pyarrow.float64()).to_numpy(zero_copy_only=False)
    taken = _bounded(values, np.zeros(len(cells), dtype=np.bool_), column)
    others = _numbers(pyarrow.compute.if_else(ordinary, nothing, cells), read)
    assert isinstance(others.values, np.ndarray)
    assert isinstance(taken.values, np.ndarray)
    together = np.where(np.asarray(ordinary), taken.values, others.values)
    return ReadColumn(together, taken.doubtful | others.doubtful)


def _bounded(values: Numbers, doubtful: Mask, column: Column) -> ReadColumn:
    low, high = bounds_of(column)
    outside = (values < low) | (values > high)
    if column.integer:
        outside |= (values != np.floor(values)) & ~np.isnan(values)
    return ReadColumn(values, doubtful | outside)


def _numbers(cells: pyarrow.Array, read: ReadCell) -> ReadColumn:
    found, codes, wrong = _each_once(cells, read)
    values = np.array([*found, None], dtype=np.float64)[codes]
    return ReadColumn(values, np.array([*wrong, False], dtype=np.bool_)[codes])


def _categories(cells: pyarrow.Array, read: ReadCell) -> ReadColumn:
    found, codes, wrong = _each_once(cells, read)
    canonical = categories_of(found)
    of_text = np.array([*canonical.codes, -1], dtype=np.int64)
    doubtful = np.array([*wrong, False], dtype=np.bool_)[codes]
    return ReadColumn(Categories(of_text[codes], canonical.names), doubtful)


def _each_once(
    cells: pyarrow.Array, read: ReadCell
) -> tuple[list[Value | None], NDArray[np.int64], list[bool]]:
    """What each different cell holds, which one stands where (-1: none), and which are wrong."""
    encoded = cells.dictionary_encode()
    found: list[Value | None] = []
    wrong: list[bool] = []
    for cell in map(plain_cell, encoded.dictionary.to_pylist()):
        try:
            found.append(read(cell))
            wrong.append(False)
        except (ValueError, InvalidRecord):
            found.append(None)
            wrong.append(True)
    codes = np.asarray(pyarrow.compute.fill_null(encoded.indices.cast(pyarrow.int64()), -1))
    return found, codes, wrong
